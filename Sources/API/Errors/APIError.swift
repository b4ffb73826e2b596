// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// An error as its caller sees it.
struct APIError: Error, Equatable {
    /// The stable word, which decides the status.
    var code: ErrorCode
    /// A sentence or two for a person.
    var message: String
    /// The field that is wrong.
    var field: String?
    /// What the field asks for.
    var limit: String?
    /// What the field was.
    var given: String?
    /// What the request costs.
    var required: Credits?
    /// What the account has.
    var balance: Credits?
    /// When to try again.
    var retryAfter: Duration?
    /// Headers the status calls for, such as `Allow`.
    var headers: HTTPFields = [:]

    /// An error that speaks for itself.
    init(_ code: ErrorCode, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    /// Refuses the value of a field.
    ///
    /// - Parameters:
    ///   - field: The field as its API calls it.
    ///   - limit: What it must be, written to follow its name.
    ///   - given: What it was, unless repeating that would help nobody.
    init(wrong field: String, _ limit: String, given: String? = nil) {
        self.init(.invalidParameter, "\(field) \(limit)." + (given.map { " Given: \($0)" } ?? ""))
        self.field = field
        self.limit = limit
        self.given = given
    }
}

extension APIError {
    /// How an error of the layers below is told to a caller.
    ///
    /// Errors that are not meant for callers become `internal` without their text, which may name files of this machine.
    ///
    /// - Parameter shape: Whose names fields have.
    init(_ error: any Error, in shape: any ErrorShape = OwnErrorShape()) {
        switch error {
        case let error as APIError:
            self = error
        case let error as ValidationError:
            self.init(wrong: shape.name(of: error.field), error.limit, given: error.given)
        case let error as ReferenceImageError:
            let name = shape.name(of: .image)
            self.init(.invalidImage, "\(name) \(error.fault).")
            field = name
        case let error as StoreError:
            self.init(error)
        case let error as any HTTPResponseError where error.status == .notFound:
            self.init(.unknownEndpoint, "There is nothing at this address.")
        case let error as any HTTPResponseError where error.status == .contentTooLarge:
            self.init(.bodyTooLarge, "The request's body is too large.")
        case is CancellationError, is CallerLeft:
            self.init(.internal, "The request was stopped before it was finished.")
        default:
            self.init(.internal, "The server failed to answer. The fault is not in the request.")
        }
    }

    /// What a failure of the store means, whatever was done before it.
    init(_ error: StoreError) {
        switch error {
        case .full:
            self.init(.internal, "The server has no space left.")
        case .readOnly:
            self.init(.internal, "The server cannot store anything now.")
        case .busy:
            self.init(.internal, "The server is too busy now.", retryAfter: .seconds(1))
        case .unreachable, .newerVersion, .damaged, .unknownAccount:
            self.init(.internal, "The server failed to answer. The fault is not in the request.")
        }
    }
}

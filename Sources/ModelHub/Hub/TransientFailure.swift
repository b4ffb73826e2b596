// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// A failure that another attempt may not have.
struct TransientFailure: Error {
    /// What happened, as the middle of a sentence.
    var reason: String
    /// How long the hub asks to wait.
    var retryAfter: Duration?
    /// Whether the attempt, though it failed, got so far that counting failures begins anew.
    var broughtMuch = false

    init(_ reason: String, retryAfter: Duration? = nil) {
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// A connection that could not be made, or broke.
    ///
    /// Throws `CancellationError` if it is the caller who broke it.
    init(of error: any Error) throws(CancellationError) {
        if Task.isCancelled || error is CancellationError { throw CancellationError() }
        switch error {
        case let error as NIOConnectionError where error.dnsAError != nil || error.dnsAAAAError != nil:
            reason = "\(error.host) could not be found"
        case let error as NIOConnectionError:
            reason = "\(error.host):\(error.port) could not be reached"
        case let error as HTTPClientError:
            reason = "the connection failed (\(error.shortDescription.lowercased()))"
        default:
            reason = "the connection was lost"
        }
    }

    /// An answer that says to come back, or nil for any other.
    init?(_ response: HTTPClientResponse) {
        guard [408, 425, 429, 500, 502, 503, 504].contains(response.status.code) else { return nil }
        reason = "the hub answered with status \(response.status.code)"
        // The other form, a date, is not worth a second clock: the usual delay does.
        retryAfter = response.headers.first(name: "retry-after").flatMap { UInt32($0) }.map { .seconds(Int($0)) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import Jobs

/// The body of every error answer of this server's own API.
struct ErrorResponse: Encodable {
    let error: String
    let code: String
    let requestID: String
    let field: String?
    let limit: String?
    let given: String?
    let required: Double?
    let balance: Double?
    let retryAfter: Int?

    init(_ error: APIError, requestID: String) {
        self.error = error.message
        code = error.code.rawValue
        self.requestID = requestID
        field = error.field
        limit = error.limit
        given = error.given
        required = error.required?.value
        balance = error.balance?.value
        retryAfter = error.secondsToWait
    }

    enum CodingKeys: String, CodingKey {
        case error, code, field, limit, given, required, balance
        case requestID = "request_id"
        case retryAfter = "retry_after"
    }
}

extension APIError {
    /// When to try again; never zero, which would invite a busy loop.
    var secondsToWait: Int? { retryAfter.map { max(1, $0.secondsRoundedUp) } }

    /// The answer to the request with this id.
    func response(requestID: String, in shape: any ErrorShape = OwnErrorShape()) throws -> Response {
        var headers = headers
        if let secondsToWait {
            headers[.retryAfter] = String(secondsToWait)
            headers[.rateLimitResetTime] = Date(timeIntervalSinceNow: Double(secondsToWait)).ISO8601Format()
        }
        headers.append(contentsOf: shape.headers(of: self))
        let body = shape.body(of: self, requestID: requestID)
        return try Response(status: shape.status(of: code), headers: headers, json: body)
    }
}

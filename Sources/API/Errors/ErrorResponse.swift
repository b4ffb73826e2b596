// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import Jobs

/// The body of every error answer.
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

    enum CodingKeys: String, CodingKey {
        case error, code, field, limit, given, required, balance
        case requestID = "request_id"
        case retryAfter = "retry_after"
    }
}

extension APIError {
    /// The answer to the request with this id.
    func response(requestID: String) throws -> Response {
        var headers = headers
        // Never zero, which would invite a busy loop.
        let delay = retryAfter.map { max(1, $0.secondsRoundedUp) }
        if let delay {
            headers[.retryAfter] = String(delay)
            headers[.rateLimitResetTime] = Date(timeIntervalSinceNow: Double(delay)).ISO8601Format()
        }
        let body = ErrorResponse(
            error: message,
            code: code.rawValue,
            requestID: requestID,
            field: field,
            limit: limit,
            given: given,
            required: required?.value,
            balance: balance?.value,
            retryAfter: delay
        )
        return try Response(status: code.status, headers: headers, json: body)
    }
}

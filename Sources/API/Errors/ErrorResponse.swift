// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird

/// The body of every error answer.
struct ErrorResponse: Encodable {
    let error: String
    let code: String
    let requestID: String
    let field: String?
    let limit: String?
    let given: String?
    let retryAfter: Int?

    enum CodingKeys: String, CodingKey {
        case error, code, field, limit, given
        case requestID = "request_id"
        case retryAfter = "retry_after"
    }
}

extension APIError {
    /// The answer to the request with this id.
    func response(requestID: String) throws -> Response {
        var headers = headers
        // A whole number of seconds, and never zero, which would invite a busy loop.
        let delay = retryAfter.map { max(1, Int($0.components.seconds) + ($0.components.attoseconds > 0 ? 1 : 0)) }
        if let delay {
            headers[.retryAfter] = String(delay)
            headers[.rateLimitReset] = Date(timeIntervalSinceNow: Double(delay)).ISO8601Format()
        }
        let body = ErrorResponse(
            error: message,
            code: code.rawValue,
            requestID: requestID,
            field: field,
            limit: limit,
            given: given,
            retryAfter: delay
        )
        return try Response(status: code.status, headers: headers, json: body)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The stable word an error answer carries in `code`, and the status it is sent with: the whole table is here.
package enum ErrorCode: String, CaseIterable, Sendable {
    case invalidJSON = "invalid_json"
    case invalidParameter = "invalid_parameter"
    case invalidImage = "invalid_image"
    case unsupportedContentType = "unsupported_content_type"
    case missingAPIKey = "missing_api_key"
    case invalidAPIKey = "invalid_api_key"
    case keyDisabled = "key_disabled"
    case insufficientScope = "insufficient_scope"
    case crossSiteRequest = "cross_site_request"
    case unknownEndpoint = "unknown_endpoint"
    case unknownModel = "unknown_model"
    case unknownRequest = "unknown_request"
    case unknownKey = "unknown_key"
    case unknownAccount = "unknown_account"
    case methodNotAllowed = "method_not_allowed"
    case insufficientCredits = "insufficient_credits"
    case spendLimitReached = "spend_limit_reached"
    case idempotencyInProgress = "idempotency_in_progress"
    case requestCancelled = "request_cancelled"
    case expiredRequest = "expired_request"
    case bodyTooLarge = "body_too_large"
    case rangeNotSatisfiable = "range_not_satisfiable"
    case idempotencyMismatch = "idempotency_mismatch"
    case rateLimited = "rate_limited"
    case queueFull = "queue_full"
    case tooManyWaits = "too_many_waits"
    case `internal` = "internal"
    case invalidOutput = "invalid_output"
    case stopping = "stopping"
    case workerFailed = "worker_failed"
    case timeout = "timeout"

    /// The status of an answer with this code.
    var status: HTTPResponse.Status {
        switch self {
        case .invalidJSON, .invalidParameter, .invalidImage, .unsupportedContentType: .badRequest
        case .missingAPIKey, .invalidAPIKey: .unauthorized
        case .keyDisabled, .insufficientScope, .crossSiteRequest: .forbidden
        case .unknownEndpoint, .unknownModel, .unknownRequest, .unknownKey, .unknownAccount: .notFound
        case .methodNotAllowed: .methodNotAllowed
        // What the hosted service answers, and its clients look for.
        case .insufficientCredits, .spendLimitReached: .notAcceptable
        case .idempotencyInProgress, .requestCancelled: .conflict
        case .expiredRequest: .gone
        case .bodyTooLarge: .contentTooLarge
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .idempotencyMismatch: .unprocessableContent
        case .rateLimited, .queueFull, .tooManyWaits: .tooManyRequests
        case .internal, .invalidOutput: .internalServerError
        case .workerFailed: .badGateway
        case .stopping: .serviceUnavailable
        case .timeout: .gatewayTimeout
        }
    }
}

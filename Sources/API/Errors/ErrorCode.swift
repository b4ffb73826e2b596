// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The stable word an error answer carries in `code`, and the status it is sent with: the whole table is here.
package enum ErrorCode: String, CaseIterable, Sendable {
    case invalidJSON = "invalid_json"
    case invalidParameter = "invalid_parameter"
    case invalidImage = "invalid_image"
    case unsupportedContentType = "unsupported_content_type"
    case bodyTooLarge = "body_too_large"
    case crossSiteRequest = "cross_site_request"
    case unknownEndpoint = "unknown_endpoint"
    case unknownModel = "unknown_model"
    case unknownRequest = "unknown_request"
    case methodNotAllowed = "method_not_allowed"
    case queueFull = "queue_full"
    case `internal` = "internal"
    case invalidOutput = "invalid_output"

    /// The status of an answer with this code.
    var status: HTTPResponse.Status {
        switch self {
        case .invalidJSON, .invalidParameter, .invalidImage, .unsupportedContentType: .badRequest
        case .crossSiteRequest: .forbidden
        case .bodyTooLarge: .contentTooLarge
        case .unknownEndpoint, .unknownModel, .unknownRequest: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .queueFull: .tooManyRequests
        case .internal, .invalidOutput: .internalServerError
        }
    }
}

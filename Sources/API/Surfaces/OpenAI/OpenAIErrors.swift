// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Errors in the words of OpenAI's API.
struct OpenAIErrors: ErrorShape {
    private struct Body: Encodable {
        struct Details: Encodable {
            let message: String
            let type: String
            let param: String?
            let code: String
        }

        let error: Details
    }

    static let schema = OpenAPIDocument.reference("OpenAIError")

    func name(of field: ParameterName) -> String {
        switch field {
        case .samples: "n"
        case .steps: "steps"
        case .width, .height: "size"
        case .quality: "output_compression"
        case .prompt, .negativePrompt, .scheduler, .guidanceScale, .strength, .seed, .base64, .image, .mask,
            .outputFormat, .webhook:
            field.rawValue
        }
    }

    func status(of code: ErrorCode) -> HTTPResponse.Status {
        switch code {
        // Clients look for the code `insufficient_quota` in a 429.
        case .insufficientCredits, .spendLimitReached: .tooManyRequests
        default: code.status
        }
    }

    func body(of error: APIError, requestID: String) -> any Encodable {
        Body(error: .init(message: error.message, type: type(of: error), param: error.field, code: code(of: error)))
    }

    /// Clients send again what is answered with 429, 409 or 5xx, unless they are told that it helps nobody.
    func headers(of error: APIError) -> HTTPFields {
        switch error.code {
        case .insufficientCredits, .spendLimitReached, .requestCancelled, .invalidOutput: [.shouldRetry: "false"]
        default: [:]
        }
    }

    private func code(of error: APIError) -> String {
        switch error.code {
        case .insufficientCredits, .spendLimitReached: "insufficient_quota"
        case .rateLimited: "rate_limit_exceeded"
        case .unknownModel: "model_not_found"
        default: error.code.rawValue
        }
    }

    private func type(of error: APIError) -> String {
        switch status(of: error.code).code {
        case 403: "permission_error"
        case 429: code(of: error) == "insufficient_quota" ? "insufficient_quota" : "requests"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }
}

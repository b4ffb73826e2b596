// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Errors in the words of Replicate's API: problem details (RFC 9457).
struct ReplicateErrors: ErrorShape {
    private struct Body: Encodable {
        let title: String
        let detail: String
        let status: Int
        let code: String
    }

    static let schema = OpenAPIDocument.reference("ReplicateError")

    func name(of field: ParameterName) -> String {
        switch field {
        case .webhook: field.rawValue
        case .samples: "input.num_outputs"
        case .width: "input.width"
        case .height: "input.height"
        case .strength: "input.prompt_strength"
        case .quality: "input.output_quality"
        default: "input.\(field.rawValue)"
        }
    }

    func status(of code: ErrorCode) -> HTTPResponse.Status {
        switch code {
        case .invalidParameter, .invalidImage: .unprocessableContent
        case .insufficientCredits, .spendLimitReached: .paymentRequired
        default: code.status
        }
    }

    func body(of error: APIError, requestID: String) -> any Encodable {
        let status = status(of: error.code)
        return Body(
            title: status.reasonPhrase,
            detail: error.message,
            status: status.code,
            code: error.code.rawValue
        )
    }
}

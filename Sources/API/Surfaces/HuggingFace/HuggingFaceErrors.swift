// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Errors in the words of Hugging Face's inference API: a text in `error`.
struct HuggingFaceErrors: ErrorShape {
    /// Whose `inputs` they are: the prompt, or the picture.
    let endpoint: GenerationEndpoint

    private struct Body: Encodable {
        let error: String
        let code: String
        let field: String?
    }

    static let schema = OpenAPIDocument.reference("HuggingFaceError")

    func name(of field: ParameterName) -> String {
        switch (field, endpoint) {
        case (.prompt, .textToImage), (.image, .imageToImage): "inputs"
        case (.width, _): "parameters.width"
        case (.height, _): "parameters.height"
        default: "parameters.\(field.rawValue)"
        }
    }

    func status(of code: ErrorCode) -> HTTPResponse.Status {
        switch code {
        // Its clients show the body of a 422.
        case .invalidParameter, .invalidImage: .unprocessableContent
        case .insufficientCredits, .spendLimitReached: .paymentRequired
        default: code.status
        }
    }

    func body(of error: APIError, requestID: String) -> any Encodable {
        Body(error: error.message, code: error.code.rawValue, field: error.field)
    }
}

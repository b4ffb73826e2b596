// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Errors in the words of AUTOMATIC1111's web UI.
struct Automatic1111Errors: ErrorShape {
    private struct Body: Encodable {
        /// The kind of error.
        let error: String
        /// A sentence for a person.
        let detail: String
        /// The web UI repeats what was sent, which may be megabytes.
        let body = ""
        let errors: String
    }

    static let schema = OpenAPIDocument.reference("Automatic1111Error")

    func name(of field: ParameterName) -> String {
        switch field {
        case .samples: "batch_size"
        case .scheduler: "sampler_name"
        case .steps: "steps"
        case .guidanceScale: "cfg_scale"
        case .strength: "denoising_strength"
        case .width: "width"
        case .height: "height"
        case .image: "init_images"
        case .outputFormat: "override_settings.samples_format"
        case .quality: "override_settings.jpeg_quality"
        case .prompt, .negativePrompt, .seed, .base64, .mask, .webhook: field.rawValue
        }
    }

    func status(of code: ErrorCode) -> HTTPResponse.Status {
        switch code {
        case .invalidParameter, .invalidImage, .invalidJSON: .unprocessableContent
        case .insufficientCredits, .spendLimitReached: .paymentRequired
        default: code.status
        }
    }

    func body(of error: APIError, requestID: String) -> any Encodable {
        Body(error: error.code.rawValue, detail: error.message, errors: error.message)
    }
}

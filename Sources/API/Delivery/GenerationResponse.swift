// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// The JSON answer to a generation request that was carried out.
struct GenerationResponse: Encodable {
    /// Where a picture is.
    enum Content {
        case url(String)
        case base64(String)

        /// The address, or the text.
        var text: String {
            switch self {
            case .url(let text), .base64(let text): text
            }
        }
    }

    /// One picture.
    struct Image: Encodable {
        let url: String?
        let base64: String?
        let contentType: String
        let width: Int
        let height: Int
        let seed: Int64

        init(_ image: GeneratedImage, content: Content) {
            switch content {
            case .url(let text): (url, base64) = (text, nil)
            case .base64(let text): (url, base64) = (nil, text)
            }
            contentType = image.format.mediaType
            width = image.width
            height = image.height
            seed = image.seed.value
        }

        enum CodingKeys: String, CodingKey {
            case url, base64, width, height, seed
            case contentType = "content_type"
        }
    }

    /// Times in seconds.
    struct Metrics: Encodable {
        let queueTime: Double
        let inferenceTime: Double
        let totalTime: Double

        enum CodingKeys: String, CodingKey {
            case queueTime = "queue_time"
            case inferenceTime = "inference_time"
            case totalTime = "total_time"
        }
    }

    let requestID: String
    let status = "COMPLETED"
    let model: String
    /// The first picture's seed.
    let seed: Int64
    /// The first picture: its address, or its base64 text.
    let image: String
    let images: [Image]
    let warnings: [String]
    let metrics: Metrics

    enum CodingKeys: String, CodingKey {
        case status, model, seed, image, images, warnings, metrics
        case requestID = "request_id"
    }
}

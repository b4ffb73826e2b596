// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// An answer with pictures in the words of OpenAI's Images API.
struct OpenAIImagesResponse: Encodable {
    struct Image: Encodable {
        var b64JSON: String?
        var url: String?
        /// Ours: what makes this picture again.
        let seed: Int64

        enum CodingKeys: String, CodingKey {
            case url, seed
            case b64JSON = "b64_json"
        }
    }

    /// Seconds since 1970.
    let created: Int64
    let data: [Image]
    let outputFormat: String
    let size: String
    let quality = "auto"
    let background = "opaque"
    /// Ours: what was done otherwise than asked.
    let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case created, data, size, quality, background, warnings
        case outputFormat = "output_format"
    }
}

/// An event of a stream of pictures.
struct OpenAIImageEvent: Encodable {
    /// The event's name.
    let type: String
    let b64JSON: String
    /// The sketch's number, from 0.
    var partialImageIndex: Int?
    let createdAt: Int64
    /// The format of the file in the event.
    let outputFormat: String
    /// The finished picture's size.
    let size: String
    let quality = "auto"
    let background = "opaque"
    /// Ours: what makes this picture again.
    var seed: Int64?

    enum CodingKeys: String, CodingKey {
        case type, size, quality, background, seed
        case b64JSON = "b64_json"
        case partialImageIndex = "partial_image_index"
        case createdAt = "created_at"
        case outputFormat = "output_format"
    }
}

extension GenerationRequest {
    /// Width and height as OpenAI writes them.
    var openAISize: String { "\(width)x\(height)" }
}

extension Timestamp {
    /// Whole seconds since 1970.
    var unixSeconds: Int64 { milliseconds / 1_000 }
}

// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// The JSON answer that carries pictures.
struct GenerationResponse: Encodable {
    /// One picture.
    struct Image: Encodable {
        let url: String?
        let base64: String?
        let contentType: String
        let width: Int
        let height: Int
        let seed: Int64

        /// A picture by its address, or as base64 text if there is one.
        init(_ image: JobResult.Image, url: String, base64: String?) {
            self.url = base64 == nil ? url : nil
            self.base64 = base64
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

    let requestID: String
    let status = JobStatus.completed
    let model: String
    /// The first picture's seed.
    let seed: Int64
    /// The first picture: its address, or its base64 text.
    let image: String
    /// The first picture's address, for those who ask for a result later.
    let output: String?
    let images: [Image]
    let warnings: [String]
    let metrics: JobMetrics

    enum CodingKeys: String, CodingKey {
        case status, model, seed, image, output, images, warnings, metrics
        case requestID = "request_id"
    }
}

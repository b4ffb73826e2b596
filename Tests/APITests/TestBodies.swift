// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The body of an error answer.
struct ErrorBody: Decodable {
    var error: String
    var code: String
    var requestID: String
    var field: String?
    var limit: String?
    var given: String?
    var required: Double?
    var balance: Double?
    var retryAfter: Int?

    enum CodingKeys: String, CodingKey {
        case error, code, field, limit, given, required, balance
        case requestID = "request_id"
        case retryAfter = "retry_after"
    }
}

/// The body of a JSON answer with pictures.
struct PictureBody: Decodable {
    struct Image: Decodable {
        var url: String?
        var base64: Data?
        var contentType: String
        var width: Int
        var height: Int
        var seed: Int64

        enum CodingKeys: String, CodingKey {
            case url, base64, width, height, seed
            case contentType = "content_type"
        }
    }

    var requestID: String
    var status: String
    var model: String
    var seed: Int64
    var image: String
    var output: String?
    var images: [Image]
    var warnings: [String]
    var metrics: MetricsBody

    enum CodingKeys: String, CodingKey {
        case status, model, seed, image, output, images, warnings, metrics
        case requestID = "request_id"
    }
}

/// What JSON answers say about time and money.
struct MetricsBody: Decodable {
    var queueTime: Double?
    var inferenceTime: Double?
    var totalTime: Double?
    var cost: Double?
    var remainingCredits: Double?

    enum CodingKeys: String, CodingKey {
        case queueTime = "queue_time"
        case inferenceTime = "inference_time"
        case totalTime = "total_time"
        case cost
        case remainingCredits = "remaining_credits"
    }
}

/// The body of an answer that says where a request is.
struct StatusBody: Decodable {
    var requestID: String
    var status: String
    var pollURL: String
    var statusURL: String
    var responseURL: String
    var queuePosition: Int?
    var sample: Int?
    var step: Int?
    var steps: Int?
    var eta: Double?
    var error: String?
    var code: String?
    var metrics: MetricsBody

    enum CodingKeys: String, CodingKey {
        case status, sample, step, steps, eta, error, code, metrics
        case requestID = "request_id"
        case pollURL = "poll_url"
        case statusURL = "status_url"
        case responseURL = "response_url"
        case queuePosition = "queue_position"
    }
}

// SPDX-License-Identifier: Apache-2.0

import API
import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Logging

/// The service around a ``RecordingGenerator``, without a socket unless a test asks for one.
struct TestAPI {
    static let textToImage = "/v1/sd2.1-txt2img"
    static let imageToImage = "/v1/sd2.1-img2img"

    let generator: RecordingGenerator
    var configuration = APIConfiguration(defaults: GenerationDefaults(width: 512, height: 512))
    var images: any ImageStore = MemoryImageStore()
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init(_ outcome: RecordingGenerator.Outcome = .pictures(warnings: []), state: GeneratorState = .ready) {
        generator = RecordingGenerator(outcome, state: state)
    }

    func test<Value>(
        _ setup: TestingSetup = .router,
        _ body: @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        try await buildApplication(configuration: configuration, generator: generator, images: images, logger: logger)
            .test(setup, body)
    }

    /// Posts JSON and returns the answer.
    func post(_ json: String, to uri: String = textToImage, accept: String? = nil) async throws -> TestResponse {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.accept] = accept
        return try await post(Array(json.utf8), to: uri, headers: headers)
    }

    func post(_ body: [UInt8], to uri: String = textToImage, headers: HTTPFields) async throws -> TestResponse {
        try await test { client in
            try await client.execute(uri: uri, method: .post, headers: headers, body: ByteBuffer(bytes: body))
        }
    }

    /// Sends a request without a body and returns the answer.
    func send(_ method: HTTPRequest.Method, _ uri: String, headers: HTTPFields = [:]) async throws -> TestResponse {
        try await test { client in try await client.execute(uri: uri, method: method, headers: headers) }
    }

    /// A small picture as a file of `format`.
    static func picture(_ format: ImageFormat = .png) throws -> [UInt8] {
        let pixels = try RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 90, count: 12))
        return try ImageEncoder(format: format).encode(pixels)
    }
}

/// The body of an error answer.
struct ErrorBody: Decodable {
    var error: String
    var code: String
    var requestID: String
    var field: String?
    var limit: String?
    var given: String?
    var retryAfter: Int?

    enum CodingKeys: String, CodingKey {
        case error, code, field, limit, given
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

    struct Metrics: Decodable {
        var queueTime: Double
        var inferenceTime: Double
        var totalTime: Double

        enum CodingKeys: String, CodingKey {
            case queueTime = "queue_time"
            case inferenceTime = "inference_time"
            case totalTime = "total_time"
        }
    }

    var requestID: String
    var status: String
    var model: String
    var seed: Int64
    var image: String
    var images: [Image]
    var warnings: [String]
    var metrics: Metrics

    enum CodingKeys: String, CodingKey {
        case status, model, seed, image, images, warnings, metrics
        case requestID = "request_id"
    }
}

extension TestResponse {
    /// The body read as JSON.
    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// The body as it came.
    var bytes: [UInt8] { Array(body.readableBytesView) }

    /// The value of a header, by name.
    func header(_ name: String) -> String? {
        headers.first { $0.name.canonicalName == name.lowercased() }?.value
    }
}

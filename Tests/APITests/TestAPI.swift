// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Logging
import NIOCore

@testable import API

/// The service on a store with a ``TestWorker``, without a socket unless a test asks for one.
struct TestAPI {
    static let textToImage = "/v1/sd2.1-txt2img"
    static let textToImageLater = "/v2/sd2.1-txt2img"
    static let imageToImage = "/v1/sd2.1-img2img"

    private let backend: TestBackend
    var configuration = APIConfiguration(defaults: GenerationDefaults(width: 512, height: 512))
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    /// What requests present, unless they say otherwise.
    var key: String?

    /// A service that nobody needs a key for.
    init(
        _ outcome: TestWorker.Outcome = .pictures(warnings: []),
        policy: StorePolicy = .patient
    ) {
        backend = TestBackend(outcome, policy: policy)
        configuration.auth = .none
    }

    /// A service that needs keys, and has one with these credits.
    init(
        _ outcome: TestWorker.Outcome = .pictures(warnings: []),
        policy: StorePolicy = .patient,
        credits: String,
        _ settings: KeySettings = KeySettings()
    ) async throws {
        self.init(outcome, policy: policy)
        configuration.auth = .keys
        key = try await makeKey(settings, for: .default)
        if let credits = Credits(credits) { _ = try await store.grant(credits, to: .default) }
    }

    var worker: TestWorker { backend.worker }

    var store: SQLiteStore {
        get async throws { try await backend.store() }
    }

    /// The text of a new key.
    func makeKey(_ settings: KeySettings = KeySettings(), for account: AccountID) async throws -> String {
        try await store.createKey(for: account, settings).secret.text
    }

    /// What the first key's account can spend.
    var balance: Credits {
        get async throws { try await store.account(.default)?.available ?? .zero }
    }

    func test<Value>(
        _ setup: TestingSetup = .router,
        _ body: @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        try await buildApplication(configuration: configuration, store: store, logger: logger).test(setup, body)
    }

    /// Posts JSON and returns the answer.
    func post(
        _ json: String,
        to uri: String = textToImage,
        accept: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = "application/json"
        if let accept { headers[.accept] = accept }
        return try await post(Array(json.utf8), to: uri, headers: headers)
    }

    func post(_ body: [UInt8], to uri: String = textToImage, headers: HTTPFields) async throws -> TestResponse {
        try await test { client in
            try await client.execute(uri: uri, method: .post, headers: keyed(headers), body: ByteBuffer(bytes: body))
        }
    }

    /// Sends a request without a body and returns the answer.
    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        try await test { client in try await client.execute(uri: uri, method: method, headers: keyed(headers)) }
    }

    /// The headers with the key, unless they have one.
    func keyed(_ headers: HTTPFields) -> HTTPFields {
        var headers = headers
        if headers[.apiKey] == nil, headers[.authorization] == nil { headers[.apiKey] = key }
        return headers
    }

    /// Submits a request to be asked about later, and returns its id.
    func submit(_ json: String = "{}", headers: HTTPFields = [:]) async throws -> String {
        try await post(json, to: Self.textToImageLater, headers: headers).json(StatusBody.self).requestID
    }

    /// The state of a request once it is over.
    func end(of id: String) async throws -> StatusBody {
        try await send(.get, "/v2/requests/\(id)/status?wait=60").json(StatusBody.self)
    }

    /// A small picture as a file of `format`.
    static func picture(_ format: ImageFormat = .png) throws -> [UInt8] {
        let pixels = try RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 90, count: 12))
        return try ImageEncoder(format: format).encode(pixels)
    }
}

extension StorePolicy {
    /// No worker is taken for lost because the machine is busy with other tests.
    static var patient: StorePolicy {
        var policy = StorePolicy()
        policy.leaseDuration = .seconds(3600)
        return policy
    }
}

extension TestResponse {
    /// The body read as JSON.
    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// The body read as JSON whose names are written with underscores.
    func snakeJSON<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Self.snakeDecoder.decode(type, from: Data(bytes))
    }

    static var snakeDecoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    /// The body as it came.
    var bytes: [UInt8] { Array(body.readableBytesView) }

    /// The body as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The value of a header, by name.
    func header(_ name: String) -> String? {
        headers.first { $0.name.canonicalName == name.lowercased() }?.value
    }
}

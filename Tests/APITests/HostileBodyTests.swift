// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import API

struct HostileBodyTests {
    @Test(arguments: [
        "", " ", "{", "[]", "5", "null", "\"text\"", #"{"prompt": }"#, #"{"prompt": "a",,}"#, #"{"base64": False}"#,
        #"{"prompt": "\ud800"}"#, #"{'prompt': 1}"#, "{\"prompt\": \"a\nb\"}", #"{"seed": NaN}"#,
        "{} {}", String(repeating: "[", count: 200_000), String(repeating: #"{"a":"#, count: 200_000),
    ])
    func `what is no JSON object is a 400`(body: String) async throws {
        let api = TestAPI()
        let response = try await api.post(body)
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).code == "invalid_json")
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `bytes that are no text are a 400`() async throws {
        for bytes in [[0xFF, 0xFE, 0xFD], [0x00], Array(#"{"prompt": ""#.utf8) + [0xC3, 0x28] + Array("\"}".utf8)] {
            let response = try await TestAPI().post(bytes as [UInt8], headers: [.contentType: "application/json"])
            #expect(response.status == .badRequest)
        }
    }

    @Test(arguments: [
        #"{"unknown": \#(String(repeating: "[", count: 400))\#(String(repeating: "]", count: 400))}"#,
        #"{"unknown": 1e99999}"#, #"{"prompt": "😀\u202e\u0007"}"#, #"{"a\u0000b": 1, "": 2}"#,
    ])
    func `strange but legal JSON is served`(body: String) async throws {
        #expect(try await TestAPI().post(body).status == .ok)
    }

    @Test(arguments: [(256, HTTPResponse.Status.ok), (257, .badRequest), (100_000, .badRequest)])
    func `a body has a limited number of fields`(count: Int, status: HTTPResponse.Status) async throws {
        let fields = (0..<count).map { #""field,:{\"\#($0)": 1"# }.joined(separator: ", ")
        let response = try await TestAPI().post("{\(fields)}")
        #expect(response.status == status)
        guard status != .ok else { return }
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "invalid_json")
        #expect(body.error.contains("at most 256 fields"))
    }

    @Test func `a field's value holds a limited number of values`() async throws {
        let many = Array(repeating: "0", count: 65_538).joined(separator: ",")
        #expect(try await TestAPI().post(#"{"unknown": [\#(many)]}"#).status == .badRequest)
        #expect(try await TestAPI().post(#"{"unknown": [\#(many.dropLast(2))]}"#).status == .ok)
    }

    @Test func `an array in place of a body's object is not parsed to its end`() async throws {
        let array = "[\(Array(repeating: "0", count: 300).joined(separator: ","))]"
        #expect(JSONSize(of: Array(array.utf8)).isTooLarge)
        let response = try await TestAPI().post(array)
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).code == "invalid_json")
    }

    @Test func `JSON in another encoding than UTF-8 is a 400`() async throws {
        let text = #"{"prompt": "cat"}"#.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let response = try await TestAPI().post(text, headers: [.contentType: "application/json"])
        #expect(try response.json(ErrorBody.self).code == "invalid_json")
    }

    @Test func `every cut of a request is answered`() async throws {
        let whole = Array(#"{"prompt": "c\u00e4t 😀", "seed": 17123564234, "guidance_scale": 7.5e0}"#.utf8)
        let api = TestAPI()
        for count in 0..<whole.count {
            let response = try await api.post(
                Array(whole.prefix(count)),
                headers: [.contentType: "application/json"]
            )
            #expect(response.status == .badRequest)
        }
    }

    @Test func `a body that is too large is a 413`() async throws {
        var api = TestAPI()
        api.configuration.maxBodyBytes = 1_000
        let body = #"{"prompt": "\#(String(repeating: "a", count: 1_000))"}"#
        let response = try await api.post(body)
        #expect(response.status == .contentTooLarge)
        let error = try response.json(ErrorBody.self)
        #expect(error.code == "body_too_large")
        #expect(error.limit == "1000 bytes")
    }

    @Test func `bodies that there is no memory for are refused until others are read, small ones never`() async throws {
        let reader = BodyReader(maxBytes: 1 << 20, memory: 150_000)
        let large = #"{"prompt": "\#(String(repeating: "a", count: 100_000))"}"#
        let fields = try await reader.fields(in: large) {
            let error = await #expect(throws: APIError.self) { try await reader.fields(in: large) }
            #expect(error?.code == .queueFull)
            #expect(error?.retryAfter == .seconds(1))
            let small = try await reader.fields(in: "{}")
            #expect(small.fields.isEmpty)
        }
        #expect(fields.fields.map(\.name) == ["prompt"])
        _ = try await reader.fields(in: large)
    }

    @Test func `a body that ends with its connection is its caller's leaving`() async throws {
        let reader = BodyReader(maxBytes: 100, memory: 100)
        await #expect(throws: CallerLeft.self) {
            try await reader.fields(in: "{}") { throw ChannelError.inputClosed }
        }
    }

    @Test(arguments: [
        "text/plain", "application/x-www-form-urlencoded", "nonsense", "multipart/form-data", "image/png",
    ])
    func `a body of another kind is a 400`(type: String) async throws {
        let response = try await TestAPI().post(Array("{}".utf8), headers: [.contentType: type])
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).code == "unsupported_content_type")
    }

    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "application/vnd.api+json", "APPLICATION/JSON",
    ])
    func `JSON has several names`(type: String) async throws {
        #expect(try await TestAPI().post(Array("{}".utf8), headers: [.contentType: type]).status == .ok)
    }

    @Test func `JSON without a content type is served`() async throws {
        #expect(try await TestAPI().post(Array("{}".utf8), headers: [:]).status == .ok)
    }
}

extension BodyReader {
    /// The fields of a body; `beforeEnd` is done when all of it has come but the end.
    fileprivate func fields(
        in json: String,
        beforeEnd: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> BodyFields {
        let isSent = Atomic(false)
        let body = AsyncThrowingStream {
            if !isSent.exchange(true, ordering: .relaxed) { return Optional(ByteBuffer(string: json)) }
            try await beforeEnd()
            return nil
        }
        var request = Request(
            head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/"),
            body: RequestBody(asyncSequence: body)
        )
        return try await fields(in: &request)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

struct OpenAITests {
    private static let generations = "/v1/images/generations"

    private struct Images: Decodable {
        struct Image: Decodable {
            var b64Json: Data?
            var url: String?
            var seed: Int64
        }
        var created: Int64
        var data: [Image]
        var size: String
        var outputFormat: String
        var warnings: [String]
    }

    private struct Failure: Decodable {
        struct Details: Decodable {
            var message: String
            var type: String
            var param: String?
            var code: String
        }
        var error: Details
    }

    private struct Event: Decodable {
        var type: String
        var b64Json: Data
        var partialImageIndex: Int?
        var size: String
        var outputFormat: String
    }

    private func images(_ response: TestResponse) throws -> Images {
        #expect(response.status == .ok)
        return try response.snakeJSON(Images.self)
    }

    private func failure(_ response: TestResponse) throws -> Failure.Details {
        try response.json(Failure.self).error
    }

    /// The events of a stream by their names, with their data.
    private func events(_ response: TestResponse) throws -> [(name: String, data: Data)] {
        try response.text.split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard let name = lines.first(where: { $0.hasPrefix("event: ") })?.dropFirst(7) else { return nil }
            let data = try #require(lines.first { $0.hasPrefix("data: ") }).dropFirst(6)
            return (String(name), Data(data.utf8))
        }
    }

    @Test func `pictures come as base64 of PNG files, each with its seed`() async throws {
        let api = TestAPI()
        let body = try images(
            try await api.post(#"{"prompt": "a boat", "n": 2, "size": "256x320", "seed": 5}"#, to: Self.generations)
        )
        #expect(body.data.map(\.seed) == [5, 6])
        #expect(body.size == "256x320")
        #expect(body.outputFormat == "png")
        let file = try #require(body.data[0].b64Json)
        #expect(ImageFormat(sniffing: [UInt8](file)) == .png)
        let request = try #require(api.worker.requests.first)
        #expect((request.width, request.height, request.samples) == (256, 320, 2))
    }

    @Test func `extra fields are those of this server's own API`() async throws {
        let api = TestAPI()
        _ = try images(
            try await api.post(
                """
                {"prompt": "a boat", "negative_prompt": "a sail", "steps": 7, "guidance_scale": 3.5, "scheduler": "Euler",
                 "output_format": "webp", "output_compression": 40, "model": "sd2.1", "quality": "auto", "user": "u"}
                """,
                to: Self.generations
            )
        )
        let request = try #require(api.worker.requests.first)
        #expect(request.negativePrompt == "a sail")
        #expect(request.steps == 7)
        #expect(request.guidanceScale == 3.5)
        #expect(request.scheduler == .euler)
        #expect(request.outputFormat == .webp)
        #expect(request.quality == 40)
    }

    @Test func `addresses are given on request, and lead to the files`() async throws {
        let api = TestAPI()
        let json = #"{"prompt": "a boat", "response_format": "url", "output_format": "jpeg"}"#
        let url = try #require(try images(try await api.post(json, to: Self.generations)).data.first?.url)
        let path = try #require(url.wholeMatch(of: /http:\/\/localhost(.*)/)?.1)
        #expect(try await api.send(.get, String(path)).header("content-type") == "image/jpeg")
    }

    @Test(
        arguments: [
            (#"{}"#, "prompt"),
            (#"{"prompt": "a", "n": 11}"#, "n"),
            (#"{"prompt": "a", "size": "250x256"}"#, "size"),
            (#"{"prompt": "a", "size": "256"}"#, "size"),
            (#"{"prompt": "a", "steps": 0}"#, "steps"),
            (#"{"prompt": "a", "quality": "hd"}"#, "quality"),
            (#"{"prompt": "a", "style": "vivid"}"#, "style"),
            (#"{"prompt": "a", "background": "transparent"}"#, "background"),
            (#"{"prompt": "a", "response_format": "file"}"#, "response_format"),
            (#"{"prompt": "a", "output_compression": 50}"#, "output_compression"),
            (#"{"prompt": "a", "output_format": "gif"}"#, "output_format"),
            (#"{"prompt": "a", "partial_images": 1}"#, "partial_images"),
            (#"{"prompt": "a", "stream": true, "partial_images": 4}"#, "partial_images"),
            (#"{"prompt": "a", "stream": true, "response_format": "url"}"#, "response_format"),
            (#"{"prompt": "a", "cfg": 7}"#, "cfg"),
            (#"{"prompt": ["a"]}"#, "prompt"),
        ]
    )
    func `what is wrong or not there is refused by its name`(json: String, param: String) async throws {
        let api = TestAPI()
        let response = try await api.post(json, to: Self.generations)
        #expect(response.status == .badRequest)
        let failure = try failure(response)
        #expect(failure.param == param)
        #expect(failure.message.hasPrefix(param))
        #expect(failure.type == "invalid_request_error")
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `an unknown model is not found, and the known ones are listed`() async throws {
        let api = TestAPI()
        let response = try await api.post(#"{"prompt": "a", "model": "dall-e-3"}"#, to: Self.generations)
        #expect(response.status == .notFound)
        #expect(try failure(response).code == "model_not_found")
        #expect(try failure(try await api.send(.get, "/v1/models/dall-e-3")).code == "model_not_found")
        #expect(try await api.send(.get, "/v1/models/sd2.1-txt2img").text.contains(#""object":"model""#))
        #expect(try await api.send(.get, "/v1/models").text.contains(#""id":"sd2.1-img2img""#))
    }

    @Test func `missing keys, credits and patience are told in the API's words`() async throws {
        var poor = try await TestAPI(credits: "0")
        let credits = try await poor.post(#"{"prompt": "a"}"#, to: Self.generations)
        #expect(credits.status == .tooManyRequests)
        #expect(credits.header("x-should-retry") == "false")
        #expect(try failure(credits).code == "insufficient_quota")

        poor.key = "dk_wrong"
        let key = try await poor.post(#"{"prompt": "a"}"#, to: Self.generations)
        #expect(key.status == .unauthorized)
        #expect(try failure(key).code == "invalid_api_key")

        var settings = KeySettings()
        settings.rateLimit = RateLimit(requests: 1, per: .seconds(3600))
        let slow = try await TestAPI(credits: "1", settings)
        _ = try images(try await slow.post(#"{"prompt": "a"}"#, to: Self.generations))
        let rate = try await slow.post(#"{"prompt": "a"}"#, to: Self.generations)
        #expect(rate.status == .tooManyRequests)
        #expect(rate.header("retry-after") != nil)
        #expect(try failure(rate).code == "rate_limit_exceeded")

        let method = try await slow.send(.get, "/v1/images/edits")
        #expect(method.status == .methodNotAllowed)
        #expect(try failure(method).code == "method_not_allowed")
    }

    @Test func `a stream shows sketches, then the pictures`() async throws {
        let preview = StoredImage(bytes: try TestAPI.picture(.jpeg), format: .jpeg)
        let api = TestAPI(
            .reporting([
                JobProgress(GenerationProgress(sample: 0, step: 8, steps: 10), preview: preview)
            ])
        )
        let response = try await api.post(
            #"{"prompt": "a boat", "stream": true, "partial_images": 2, "n": 2, "size": "256x256"}"#,
            to: Self.generations
        )
        #expect(response.status == .ok)
        #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
        let events = try events(response)
        let names = events.map(\.name)
        // Progress that nobody has read when the job ends is not kept.
        #expect(names.suffix(2) == ["image_generation.completed", "image_generation.completed"])
        #expect(names.dropLast(2).allSatisfy { $0 == "image_generation.partial_image" })
        for event in events {
            let body = try TestResponse.snakeDecoder.decode(Event.self, from: event.data)
            #expect(body.type == event.name)
            #expect(body.size == "256x256")
            #expect(ImageFormat(sniffing: [UInt8](body.b64Json)) == ImageFormat(pathExtension: body.outputFormat))
        }
    }

    @Test func `a stream of a request that fails ends with the error`() async throws {
        let api = TestAPI(.failure(JobFailure(.invalidOutput, "The picture is all black.")))
        let response = try await api.post(#"{"prompt": "a", "stream": true}"#, to: Self.generations)
        let event = try #require(try events(response).first)
        #expect(event.name == "error")
        #expect(try JSONDecoder().decode(Failure.self, from: event.data).error.code == "invalid_output")
    }

    @Test func `an edit starts from the picture in the form`() async throws {
        let api = TestAPI()
        let picture = try TestAPI.picture()
        let expected = try ReferenceImage(validating: picture, limits: DecodingLimits())
        for name in ["image", "image[]"] {
            let form = Form([("prompt", .text("a boat")), (name, .file(picture))])
            _ = try images(try await api.post(form.bytes, to: "/v1/images/edits", headers: form.headers))
        }
        #expect(api.worker.requests.map(\.start) == Array(repeating: .image(expected, strength: 0.75), count: 2))

        for (fields, param) in [
            ([("prompt", .text("a boat"))], "image"),
            ([("prompt", .text("a")), ("image", .file(picture)), ("mask", .file(picture))], "mask"),
            ([("prompt", .text("a")), ("image", .file(picture)), ("image[]", .file(picture))], "image"),
            ([("prompt", .text("a")), ("image[]", .file(picture)), ("image[]", .file(picture))], "image[]"),
        ] as [([(String, Form.Value)], String)] {
            let form = Form(fields)
            let response = try await api.post(form.bytes, to: "/v1/images/edits", headers: form.headers)
            #expect(response.status == .badRequest)
            #expect(try failure(response).param == param)
        }
    }

    @Test func `the same idempotency key makes one request`() async throws {
        let api = try await TestAPI(credits: "1")
        let key = try #require(HTTPFields.Element.Name("idempotency-key"))
        let json = #"{"prompt": "a"}"#
        let first = try images(try await api.post(json, to: Self.generations, headers: [key: "k"]))
        let second = try await api.post(json, to: Self.generations, headers: [key: "k"])
        #expect(second.header("idempotent-replayed") == "true")
        #expect(try images(second).data[0].seed == first.data[0].seed)
        #expect(api.worker.requests.count == 1)
        let other = try await api.post(#"{"prompt": "b"}"#, to: Self.generations, headers: [key: "k"])
        #expect(try failure(other).code == "idempotency_mismatch")
    }
}

// SPDX-License-Identifier: Apache-2.0

import API
import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

struct GenerationTests {
    /// The API page's sample, as its Python sends it.
    private let sample = """
        {"prompt": "calico cat wearing a cosmonaut suit, 3d render, pixar style, 8k, high resolution",
         "negative_prompt": "None", "samples": 1, "scheduler": "DDIM", "num_inference_steps": 25,
         "guidance_scale": 7.5, "strength": 1, "seed": 17123564234, "img_width": 512, "img_height": 512,
         "base64": false}
        """

    @Test func `the page's sample is answered with JSON and a picture that can be fetched`() async throws {
        let api = TestAPI()
        let response = try await api.post(sample, accept: "*/*")
        #expect(response.status == .ok)
        #expect(response.header("content-type") == "application/json; charset=utf-8")
        #expect(response.header("x-seed-value") == "17123564234")
        #expect(response.header("x-generation-time").flatMap(Double.init) != nil)

        let body = try response.json(PictureBody.self)
        #expect(body.status == "COMPLETED")
        #expect(body.model == "sd2.1-txt2img")
        #expect(body.requestID == response.header("x-request-id"))
        #expect(body.seed == 17_123_564_234)
        #expect(body.warnings.isEmpty)
        #expect(body.metrics.queueTime != nil)
        #expect(body.metrics.inferenceTime == 1.9)
        #expect(body.metrics.totalTime != nil)
        #expect(body.images.count == 1)
        #expect(body.images[0].url == body.image)
        #expect(body.images[0].contentType == "image/jpeg")
        #expect((body.images[0].width, body.images[0].height) == (512, 512))

        let request = try #require(api.worker.requests.first)
        #expect(request.prompt.hasPrefix("calico cat wearing a cosmonaut suit"))
        #expect(request.negativePrompt == "")
        #expect(request.scheduler == .ddim)
        #expect(request.seed.value == 17_123_564_234)

        let path = try #require(body.image.wholeMatch(of: /http:\/\/localhost(\/v1\/images\/[0-9a-f]{32}\.jpeg)/)?.1)
        let picture = try await api.send(.get, String(path))
        #expect(picture.status == .ok)
        #expect(picture.header("content-type") == "image/jpeg")
        #expect(ImageFormat(sniffing: picture.bytes) == .jpeg)
    }

    @Test func `an empty object is a request with the defaults and a random seed`() async throws {
        let api = TestAPI()
        let first = try await api.post("{}").json(PictureBody.self)
        let second = try await api.post("{}").json(PictureBody.self)
        #expect((0...Int64(UInt32.max)).contains(first.seed))
        #expect(first.seed != second.seed)
        #expect(api.worker.requests.map(\.seed.value) == [first.seed, second.seed])
    }

    @Test func `each of several pictures reports its own seed`() async throws {
        let body = try await TestAPI().post(#"{"samples": 3, "seed": 9223372036854775806}"#).json(PictureBody.self)
        #expect(body.images.map(\.seed) == [.max - 1, .max, 0])
        #expect(Set(body.images.compactMap(\.url)).count == 3)
    }

    @Test func `warnings of the engine and of the body are both told`() async throws {
        let body = try await TestAPI(.pictures(warnings: ["Cut."])).post(#"{"styel": 1}"#).json(PictureBody.self)
        #expect(body.warnings == ["Cut.", #"The field "styel" is not known and was ignored."#])
    }

    @Test func `image to image needs a picture and passes it on`() async throws {
        let api = TestAPI()
        let missing = try await api.post("{}", to: TestAPI.imageToImage)
        #expect(missing.status == .badRequest)
        #expect(try missing.json(ErrorBody.self).field == "image")

        let picture = try TestAPI.picture()
        let base64 = Data(picture).base64EncodedString()
        for image in [base64, "data:image/png;base64,\(base64)"] {
            let response = try await api.post(#"{"image": "\#(image)", "strength": 0.6}"#, to: TestAPI.imageToImage)
            #expect(response.status == .ok)
            #expect(try response.json(PictureBody.self).model == "sd2.1-img2img")
        }
        let expected = try ReferenceImage(validating: picture, limits: DecodingLimits())
        #expect(api.worker.requests.map(\.start) == Array(repeating: .image(expected, strength: 0.6), count: 2))
    }

    @Test func `a blank picture is an error and no picture`() async throws {
        let response = try await TestAPI(.failure(JobFailure(.invalidOutput, "The picture is all black."))).post("{}")
        #expect(response.status == .internalServerError)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "invalid_output")
        #expect(body.error.contains("all black"))
    }

    @Test func `a full queue says when to come back`() async throws {
        var policy = StorePolicy()
        policy.maxQueued = 0
        let response = try await TestAPI(policy: policy).post("{}")
        #expect(response.status == .tooManyRequests)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "queue_full")
        #expect(response.header("retry-after") == body.retryAfter.map { "\($0)" })
        #expect(try #require(body.retryAfter) >= 1)
        #expect(response.header("x-rate-limit-reset-at-utc") != nil)
    }

    @Test func `addresses start with the configured base`() async throws {
        var api = TestAPI()
        api.configuration.publicBaseURL = PublicBaseURL("https://pictures.example.org/sd/")
        let body = try await api.post("{}").json(PictureBody.self)
        #expect(body.image.hasPrefix("https://pictures.example.org/sd/v1/images/"))
    }

    @Test(arguments: ["", "ftp://x", "https://", "https://u@h", "https://h?q", "https://h#f", "h"])
    func `a base that is no web address is refused`(text: String) {
        #expect(PublicBaseURL(text) == nil)
    }

    @Test(arguments: [
        ("localhost", true), ("127.0.0.1:8080", true), ("[::1]:8080", true), ("a.b-c_d.example:1", true),
        ("", false), ("evil/path", false), ("a b", false), ("a@b", false), ("h:123456", false), ("h:", false),
        ("<script>", false), (nil, false),
    ])
    func `only a host and a port make a base`(host: String?, isValid: Bool) {
        #expect((PublicBaseURL(host: host) != nil) == isValid)
    }
}

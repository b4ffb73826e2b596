// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

struct HuggingFaceTests {
    private static let textToImage = "/hf/sd2.1"

    private struct Failure: Decodable {
        var error: String
        var code: String
    }

    @Test(arguments: ["image/png", "image/webp", "image/jpeg"])
    func `the answer is the picture, in the format asked for`(mediaType: String) async throws {
        let api = TestAPI()
        let response = try await api.post(
            """
            {"inputs": "a boat", "parameters": {"negative_prompt": "a sail", "width": 256, "height": 320,
             "num_inference_steps": 7, "guidance_scale": 3.5, "scheduler": "EulerDiscreteScheduler", "seed": 5},
             "options": {"wait_for_model": true, "use_cache": false}}
            """,
            to: Self.textToImage,
            accept: mediaType,
            headers: [try #require(HTTPFields.Element.Name("x-wait-for-model")): "true"]
        )
        #expect(response.status == .ok)
        #expect(response.header("content-type") == mediaType)
        #expect(response.header("x-seed-value") == "5")
        #expect(ImageFormat(sniffing: response.bytes)?.mediaType == mediaType)
        let request = try #require(api.worker.requests.first)
        #expect((request.prompt, request.negativePrompt) == ("a boat", "a sail"))
        #expect((request.width, request.height, request.steps) == (256, 320, 7))
        #expect(request.scheduler == .euler)
    }

    @Test(
        arguments: [
            (#"{}"#, "inputs"),
            (#"{"inputs": ["a"]}"#, "inputs"),
            (#"{"inputs": "a", "parameters": 1}"#, "parameters"),
            (#"{"inputs": "a", "parameters": {"width": 100}}"#, "parameters.width"),
            (#"{"inputs": "a", "parameters": {"num_inference_steps": 0}}"#, "parameters.num_inference_steps"),
            (#"{"inputs": "a", "parameters": {"clip_skip": 2}}"#, "parameters.clip_skip"),
            (#"{"inputs": "a", "options": {"frobs": 2}}"#, "options.frobs"),
            (#"{"inputs": "a", "frobs": 2}"#, "frobs"),
        ]
    )
    func `what is wrong or not there is refused by its name`(json: String, field: String) async throws {
        let response = try await TestAPI().post(json, to: Self.textToImage)
        #expect(response.status == .unprocessableContent)
        #expect(try response.json(Failure.self).error.hasPrefix(field))
    }

    @Test func `a picture as inputs is what the answer starts from`() async throws {
        let api = TestAPI()
        let picture = try TestAPI.picture()
        let text = Data(picture).base64EncodedString()
        let path = "/hf/sd2.1-img2img"
        let json =
            #"{"inputs": "\#(text)", "parameters": {"prompt": "a boat", "target_size": {"width": 256, "height": 256}}}"#
        #expect(try await api.post(json, to: path).status == .ok)
        let request = try #require(api.worker.requests.first)
        #expect(
            request.start == .image(try ReferenceImage(validating: picture, limits: DecodingLimits()), strength: 0.8)
        )
        #expect((request.prompt, request.width, request.height) == ("a boat", 256, 256))
        let missing = try await api.post("{}", to: path)
        #expect(try missing.json(Failure.self).error.hasPrefix("inputs is required"))
        let noPicture = try await api.post(#"{"inputs": "abc"}"#, to: path)
        #expect(try noPicture.json(Failure.self).error.hasPrefix("inputs is not valid base64"))
        let prompt = String(repeating: "a", count: 100_000)
        let tooLong = try await api.post(#"{"inputs": "\#(text)", "parameters": {"prompt": "\#(prompt)"}}"#, to: path)
        #expect(try tooLong.json(Failure.self).error.hasPrefix("parameters.prompt"))
    }

    @Test func `missing keys and credits are told`() async throws {
        var api = try await TestAPI(credits: "0")
        let credits = try await api.post(#"{"inputs": "a"}"#, to: Self.textToImage)
        #expect(credits.status == .paymentRequired)
        #expect(try credits.json(Failure.self).code == "insufficient_credits")
        api.key = nil
        #expect(try await api.post(#"{"inputs": "a"}"#, to: Self.textToImage).status == .unauthorized)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

/// What existing callers of the hosted service send.
struct LeniencyTests {
    private func request(_ json: String) async throws -> GenerationRequest {
        let api = TestAPI()
        let response = try await api.post(json)
        #expect(response.status == .ok, "\(String(decoding: response.bytes, as: UTF8.self))")
        return try #require(api.worker.requests.first)
    }

    @Test func `numbers and booleans may be text`() async throws {
        let request = try await request(
            """
            {"samples": "1", "num_inference_steps": " 30 ", "guidance_scale": "7.5", "strength": "1", "quality": "80.0",
             "seed": "17123564234", "img_width": "768", "img_height": "512.0", "base64": "False"}
            """
        )
        #expect((request.samples, request.steps, request.guidanceScale) == (1, 30, 7.5))
        #expect((request.seed.value, request.width, request.height, request.quality) == (17_123_564_234, 768, 512, 80))
    }

    @Test(arguments: ["true", #""True""#, "1", #""1""#, #" "TRUE""#])
    func `a true boolean has many spellings`(value: String) async throws {
        let body = try await TestAPI().post(#"{"base64": \#(value)}"#).json(PictureBody.self)
        #expect(body.images[0].base64 != nil)
    }

    @Test func `a whole number may have a fraction of zero`() async throws {
        let request = try await request(#"{"num_inference_steps": 25.0, "seed": 1e3}"#)
        #expect((request.steps, request.seed.value) == (25, 1_000))
    }

    @Test(arguments: ["0", "1", "4294967296", "9007199254740993", "9223372036854775807"])
    func `all bits of a seed are kept`(seed: String) async throws {
        #expect(try await request(#"{"seed": \#(seed)}"#).seed.value == Int64(seed))
        #expect(try await request(#"{"seed": "\#(seed)"}"#).seed.value == Int64(seed))
    }

    @Test func `null is as good as not sent`() async throws {
        let names = ParameterName.allCases.map { #""\#($0.rawValue)": null"# }.joined(separator: ", ")
        let request = try await request("{\(names)}")
        #expect((request.prompt, request.steps, request.width) == ("", 25, 512))
    }

    @Test(arguments: ["None", "NONE", "none"])
    func `no negative prompt has a name`(text: String) async throws {
        #expect(try await request(#"{"negative_prompt": "\#(text)"}"#).negativePrompt == "")
        #expect(try await request(#"{"negativePrompt": "\#(text)"}"#).negativePrompt == "")
    }

    @Test func `other names of fields are known`() async throws {
        let request = try await request(#"{"negativePrompt": "dog", "width": 640, "height": 384, "steps": 7}"#)
        #expect(request.negativePrompt == "dog")
        #expect((request.width, request.height, request.steps) == (640, 384, 7))
    }

    @Test func `shape is both sides`() async throws {
        let request = try await request(#"{"shape": 768}"#)
        #expect((request.width, request.height) == (768, 768))
    }

    @Test func `names that agree may come together`() async throws {
        let request = try await request(#"{"img_width": 768, "width": "768", "shape": 768.0}"#)
        #expect((request.width, request.height) == (768, 768))
    }

    @Test func `schedulers and formats are read in any case`() async throws {
        let request = try await request(#"{"scheduler": "k_euler_a", "output_format": "JPG"}"#)
        #expect((request.scheduler, request.outputFormat) == (.eulerAncestral, .jpeg))
    }

    @Test func `unknown fields are listed, a few of them`() async throws {
        let fields = (0..<30).map { #""field\#($0)": [1]"# }.joined(separator: ", ")
        let body = try await TestAPI().post("{\(fields)}").json(PictureBody.self)
        #expect(body.warnings.count == 21)
        #expect(body.warnings.last == "10 more fields are not known and were ignored.")
    }
}

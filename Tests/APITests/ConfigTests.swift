// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

/// What the server says it takes.
struct ConfigTests {
    private struct Body: Decodable {
        struct Field: Decodable {
            var type: String
            var minimum: Double?
            var maximum: Double?
            var multipleOf: Int?
            var maxLength: Int?
            var `enum`: [String]?
        }

        var models: [String]
        var needsKey: Bool
        var maxBodyBytes: Int
        var fields: [String: Field]
    }

    private func config(of api: TestAPI) async throws -> Body {
        let response = try await api.send(.get, "/v1/config")
        #expect(response.status == .ok)
        return try response.snakeJSON(Body.self)
    }

    @Test func `the config describes every field but the one that is refused`() async throws {
        let config = try await config(of: TestAPI())
        #expect(config.models == ["sd2.1-txt2img", "sd2.1-img2img"])
        #expect(Set(config.fields.keys) == Set(ParameterName.allCases.map(\.rawValue)).subtracting(["mask"]))
        #expect(config.fields["scheduler"]?.enum == Scheduler.allCases.map(\.rawValue))
        #expect(config.fields["output_format"]?.enum == ["jpeg", "png", "webp"])
        #expect(config.fields["prompt"]?.maxLength == 4_000)
        #expect(config.fields["seed"]?.maximum == Double(Int64.max))
    }

    @Test func `the limits are those the server was given`() async throws {
        var api = TestAPI()
        api.configuration.limits.side = 64...640
        api.configuration.limits.steps = 1...33
        api.configuration.limits.samples = 1...2
        let fields = try await config(of: api).fields
        for name in ["img_width", "img_height"] {
            #expect((fields[name]?.minimum, fields[name]?.maximum) == (64, 640))
            #expect(fields[name]?.multipleOf == 8)
        }
        #expect(fields["num_inference_steps"]?.maximum == 33)
        #expect(fields["samples"]?.maximum == 2)
    }

    /// Each limit is also what a request is refused beyond.
    @Test(arguments: [
        "samples", "num_inference_steps", "guidance_scale", "strength", "img_width", "img_height", "quality",
    ])
    func `a number beyond a limit that the config names is refused`(name: String) async throws {
        let api = TestAPI()
        let field = try #require(try await config(of: api).fields[name])
        let step = Double(field.multipleOf ?? 1)
        for value in [try #require(field.minimum) - step, try #require(field.maximum) + step] {
            let response = try await api.post(#"{"\#(name)": \#(value)}"#)
            #expect(response.status == .badRequest)
            #expect(try response.json(ErrorBody.self).field == name)
        }
    }

    @Test func `the defaults are what a request gets that says nothing`() async throws {
        let api = TestAPI()
        let text = try await api.send(.get, "/v1/config").text
        for value in [#""default":25"#, #""default":7.5"#, #""default":"DDIM""#, #""default":512"#] {
            #expect(text.contains(value))
        }
        _ = try await api.post("{}")
        let request = try #require(api.worker.requests.first)
        #expect((request.steps, request.guidanceScale, request.width) == (25, 7.5, 512))
        #expect(request.scheduler == .ddim)
    }

    @Test func `the config says whether a key is needed, and needs none`() async throws {
        #expect(try await config(of: TestAPI()).needsKey == false)
        var api = try await TestAPI(credits: "1")
        api.key = nil
        #expect(try await config(of: api).needsKey)
    }
}

// SPDX-License-Identifier: Apache-2.0

import API
import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Testing

/// One 400 for each kind of bad field.
struct ParameterErrorTests {
    @Test(
        arguments: [
            (#"{"prompt": 5}"#, "prompt", "5"),
            (#"{"prompt": ["a"]}"#, "prompt", "an array"),
            (#"{"negative_prompt": {"a": 1}}"#, "negative_prompt", "an object"),
            (#"{"samples": 0}"#, "samples", "0"),
            (#"{"samples": 11}"#, "samples", "11"),
            (#"{"samples": true}"#, "samples", "true"),
            (#"{"samples": "many"}"#, "samples", #""many""#),
            (#"{"samples": 1.5}"#, "samples", "1.5"),
            (#"{"samples": 1e400}"#, "samples", "a number that is too large or malformed"),
            (#"{"scheduler": "Foo"}"#, "scheduler", "Foo"),
            (#"{"scheduler": 1}"#, "scheduler", "1"),
            (#"{"num_inference_steps": 25.5}"#, "num_inference_steps", "25.5"),
            (#"{"num_inference_steps": "25.5"}"#, "num_inference_steps", #""25.5""#),
            (#"{"num_inference_steps": 151}"#, "num_inference_steps", "151"),
            (#"{"num_inference_steps": ""}"#, "num_inference_steps", #""""#),
            (#"{"steps": 0}"#, "num_inference_steps", "0"),
            (#"{"guidance_scale": "high"}"#, "guidance_scale", #""high""#),
            (#"{"guidance_scale": "nan"}"#, "guidance_scale", #""nan""#),
            (#"{"guidance_scale": "inf"}"#, "guidance_scale", #""inf""#),
            (#"{"guidance_scale": "0x10"}"#, "guidance_scale", #""0x10""#),
            (#"{"guidance_scale": "1e999"}"#, "guidance_scale", #""1e999""#),
            (#"{"guidance_scale": 31}"#, "guidance_scale", "31.0"),
            (#"{"guidance_scale": -1}"#, "guidance_scale", "-1.0"),
            (#"{"strength": 2}"#, "strength", "2.0"),
            (#"{"strength": false}"#, "strength", "false"),
            (#"{"seed": -2}"#, "seed", "-2"),
            (#"{"seed": 9223372036854775808}"#, "seed", "9.223372036854776e+18"),
            (#"{"seed": "9223372036854775808"}"#, "seed", #""9223372036854775808""#),
            (#"{"seed": -}"#, "seed", "a number that is too large or malformed"),
            (#"{"seed": 01}"#, "seed", "a number that is too large or malformed"),
            (#"{"seed": "x"}"#, "seed", #""x""#),
            (#"{"img_width": 255}"#, "img_width", "255"),
            (#"{"img_width": 513}"#, "img_width", "513"),
            (#"{"img_height": 2048}"#, "img_height", "2048"),
            (#"{"width": 511}"#, "img_width", "511"),
            (#"{"shape": 100}"#, "img_width", "100"),
            (#"{"img_width": 512, "width": 768}"#, "img_width", nil),
            (#"{"img_height": 512, "shape": 768}"#, "img_height", nil),
            (#"{"base64": "maybe"}"#, "base64", #""maybe""#),
            (#"{"base64": 2}"#, "base64", "2"),
            (#"{"output_format": "gif"}"#, "output_format", "gif"),
            (#"{"quality": 0}"#, "quality", "0"),
            (#"{"quality": 101}"#, "quality", "101"),
            (#"{"image": 5}"#, "image", "5"),
            (#"{"mask": "aGk="}"#, "mask", nil),
            (#"{"webhook": "http://example.org/"}"#, "webhook", "http://example.org/"),
            (#"{"webhook": "https://127.0.0.1/"}"#, "webhook", "https://127.0.0.1/"),
            (#"{"webhook": "mailto:a@example.org"}"#, "webhook", "mailto:a@example.org"),
            (#"{"webhook": 5}"#, "webhook", "5"),
            (#"{"prompt": "a\u0000b"}"#, "prompt", nil),
        ] as [(String, String, String?)]
    )
    func `a wrong value is a 400 that names the field and what was given`(
        json: String,
        field: String,
        given: String?
    ) async throws {
        let api = TestAPI()
        let response = try await api.post(json)
        #expect(response.status == .badRequest)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "invalid_parameter")
        #expect(body.field == field)
        #expect(body.limit?.isEmpty == false)
        if let given { #expect(body.given == given) }
        #expect(body.error.hasPrefix("\(field) "))
        #expect(body.requestID == response.header("x-request-id"))
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `a prompt that is too long is a 400 that does not repeat it`() async throws {
        let response = try await TestAPI().post(#"{"prompt": "\#(String(repeating: "a", count: 4_001))"}"#)
        let body = try response.json(ErrorBody.self)
        #expect(body.error == "prompt must have at most 4000 characters. Given: 4001 characters")
    }

    @Test(arguments: [
        "", "not base64!", "data:image/png,raw", "data:image/png;base64,", "aGVsbG8=", "https://127.0.0.1/cat.png",
        "HTTP://example.org/cat.png", "data:image/png;base64,iVBORw0KGgo=",
    ])
    func `an image that is none is a 400 that says why`(image: String) async throws {
        let api = TestAPI()
        let response = try await api.post(#"{"image": "\#(image)"}"#)
        #expect(response.status == .badRequest)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "invalid_image")
        #expect(body.field == "image")
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `a picture with too many pixels is refused`() async throws {
        var api = TestAPI()
        api.configuration.referenceLimits.maxPixels = 3
        let base64 = Data(try TestAPI.picture()).base64EncodedString()
        let body = try await api.post(#"{"image": "\#(base64)"}"#).json(ErrorBody.self)
        #expect(body.code == "invalid_image")
        #expect(body.error.contains("at most 3 pixels"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

struct Automatic1111Tests {
    private static let textToImage = "/sdapi/v1/txt2img"

    private struct Answer: Decodable {
        struct Parameters: Decodable {
            var samplerName: String
            var cfgScale: Double
        }
        var images: [Data]
        var parameters: Parameters
        var info: String
    }

    private struct Info: Decodable {
        var allSeeds: [Int64]
        var seed: Int64
        var warnings: [String]
    }

    private struct Failure: Decodable {
        var error: String
        var detail: String
    }

    private struct Progress: Decodable {
        struct State: Decodable {
            var job: String
            var samplingStep: Int
            var samplingSteps: Int
        }
        var progress: Double
        var state: State
        var currentImage: String?
    }

    @Test func `pictures come as base64, with what made them as JSON in a string`() async throws {
        let api = TestAPI()
        let response = try await api.post(
            """
            {"prompt": "a boat", "negative_prompt": "a sail", "steps": 7, "cfg_scale": 3.5, "width": 256, "height": 320,
             "sampler_name": "DPM++ 2M", "scheduler": "automatic", "seed": 5, "batch_size": 2, "n_iter": 2, "frobs": 1}
            """,
            to: Self.textToImage
        )
        #expect(response.status == .ok)
        let answer = try response.snakeJSON(Answer.self)
        #expect(answer.images.count == 4)
        #expect(answer.images.allSatisfy { ImageFormat(sniffing: [UInt8]($0)) == .png })
        #expect(answer.parameters.samplerName == "DPM++ 2M")
        #expect(answer.parameters.cfgScale == 3.5)
        let info = try TestResponse.snakeDecoder.decode(Info.self, from: Data(answer.info.utf8))
        #expect(info.seed == 5)
        #expect(info.allSeeds == [5, 6, 7, 8])
        #expect(info.warnings == [#"The field "frobs" is not known and was ignored."#])
        let request = try #require(api.worker.requests.first)
        #expect(request.scheduler == .dpmMulti)
        #expect((request.width, request.height, request.steps) == (256, 320, 7))
        #expect(request.negativePrompt == "a sail")
    }

    @Test func `a repetition tells the seed of the pictures it gets`() async throws {
        let api = TestAPI()
        var infos: [Info] = []
        for _ in 1...2 {
            let response = try await api.post(#"{"seed": -1}"#, to: Self.textToImage, headers: [.idempotencyKey: "one"])
            let answer = try response.snakeJSON(Answer.self)
            infos.append(try TestResponse.snakeDecoder.decode(Info.self, from: Data(answer.info.utf8)))
        }
        #expect(api.worker.requests.count == 1)
        #expect(infos[1].seed == infos[0].seed)
        #expect(infos[1].allSeeds == [infos[0].seed])
    }

    /// What the client sends that has every field.
    @Test func `fields that ask for nothing are no mistake`() async throws {
        let response = try await TestAPI().post(
            """
            {"enable_hr": false, "hr_scale": 2, "hr_upscaler": "Latent", "hr_checkpoint_name": null, "denoising_strength": 0.7,
             "styles": [], "subseed": -1, "subseed_strength": 0.0, "restore_faces": false, "tiling": false, "eta": 1.0,
             "s_churn": 0, "s_noise": 1, "override_settings": {}, "sampler_index": "Euler a", "sampler_name": "Euler a",
             "script_name": null, "script_args": [], "save_images": false, "send_images": false,
             "alwayson_scripts": {"ControlNet": {"args": []}, "ADetailer": {"args": [false]}}}
            """,
            to: Self.textToImage
        )
        #expect(response.status == .ok)
        #expect(try response.snakeJSON(Answer.self).images.isEmpty)
    }

    @Test(
        arguments: [
            (#"{"enable_hr": true}"#, "enable_hr"),
            (#"{"styles": ["anime"]}"#, "styles"),
            (#"{"subseed_strength": 0.5}"#, "subseed_strength"),
            (#"{"seed_resize_from_h": 256}"#, "seed_resize_from_h"),
            (#"{"tiling": true}"#, "tiling"),
            (#"{"eta": 0.5}"#, "eta"),
            (#"{"script_name": "x/y plot"}"#, "script_name"),
            (#"{"alwayson_scripts": {"ControlNet": {"args": [{"image": "x"}]}}}"#, "alwayson_scripts"),
            (#"{"override_settings": {"CLIP_stop_at_last_layers": 2}}"#, "override_settings.CLIP_stop_at_last_layers"),
            (#"{"override_settings": {"sd_model_checkpoint": "sdxl"}}"#, "override_settings.sd_model_checkpoint"),
            (#"{"override_settings": {"samples_format": "gif"}}"#, "override_settings.samples_format"),
            (#"{"sampler_name": "Best"}"#, "sampler_name"),
            (#"{"sampler_name": "Euler", "scheduler": "karras"}"#, "scheduler"),
            (#"{"scheduler": "karras"}"#, "scheduler"),
            (#"{"batch_size": 0}"#, "batch_size"),
            (#"{"batch_size": 4, "n_iter": 4}"#, "batch_size"),
            (#"{"batch_size": 9223372036854775807, "n_iter": 2}"#, "batch_size"),
            (#"{"cfg_scale": 31}"#, "cfg_scale"),
            (#"{"width": 100}"#, "width"),
        ]
    )
    func `what is wrong or not there is refused by its name`(json: String, field: String) async throws {
        let response = try await TestAPI().post(json, to: Self.textToImage)
        #expect(response.status == .unprocessableContent)
        #expect(try response.json(Failure.self).detail.hasPrefix(field))
    }

    @Test(arguments: Automatic1111Sampler.all.map(\.name))
    func `every sampler that is listed can be asked for`(name: String) async throws {
        let api = TestAPI()
        let response = try await api.post(#"{"sampler_name": "\#(name)"}"#, to: Self.textToImage)
        #expect(response.status == .ok)
        #expect(api.worker.requests.first?.scheduler.automatic1111Name == name)
    }

    @Test func `image to image starts from one picture`() async throws {
        let api = TestAPI()
        let picture = try TestAPI.picture()
        let url = "data:image/png;base64,\(Data(picture).base64EncodedString())"
        let path = "/sdapi/v1/img2img"
        #expect(try await api.post(#"{"init_images": ["\#(url)"], "denoising_strength": 0.6}"#, to: path).status == .ok)
        let expected = try ReferenceImage(validating: picture, limits: DecodingLimits())
        #expect(api.worker.requests.first?.start == .image(expected, strength: 0.6))
        for json in [
            "{}", #"{"init_images": []}"#, #"{"init_images": ["\#(url)", "\#(url)"]}"#,
            #"{"init_images": ["\#(url)"], "mask": "\#(url)"}"#, #"{"init_images": ["\#(url)"], "resize_mode": 1}"#,
        ] {
            #expect(try await api.post(json, to: path).status == .unprocessableContent)
        }
        let noPicture = try await api.post(#"{"init_images": ["abc"]}"#, to: path)
        #expect(try noPicture.json(Failure.self).detail.hasPrefix("init_images is not valid base64"))
    }

    @Test func `the key is the password of any user`() async throws {
        var api = try await TestAPI(credits: "1")
        let key = try #require(api.key)
        api.key = nil
        func headers(_ text: String) -> HTTPFields {
            [.authorization: "Basic \(Data(text.utf8).base64EncodedString())"]
        }
        #expect(try await api.post("{}", to: Self.textToImage, headers: headers("me:\(key)")).status == .ok)
        for text in ["me:dk_wrong", "me:", "me"] {
            let response = try await api.post("{}", to: Self.textToImage, headers: headers(text))
            #expect(response.status == .unauthorized)
            #expect(response.header("www-authenticate")?.hasPrefix("Basic ") == true)
        }
        #expect(
            try await api.post("{}", to: Self.textToImage, headers: [.authorization: "Bearer \(key)"]).status == .ok
        )
        // Elsewhere a browser could be made to send a password it keeps.
        #expect(try await api.post("{}", headers: headers("me:\(key)")).status == .unauthorized)
    }

    @Test func `missing credits are told`() async throws {
        let response = try await TestAPI(credits: "0").post("{}", to: Self.textToImage)
        #expect(response.status == .paymentRequired)
        #expect(try response.json(Failure.self).error == "insufficient_credits")
    }

    @Test func `progress tells of the account's own request, and an interruption ends it`() async throws {
        let api = try await TestAPI(.away, credits: "1")
        func progress() async throws -> Progress {
            try await api.send(.get, "/sdapi/v1/progress").snakeJSON(Progress.self)
        }
        #expect(try await progress().state.job == "")
        // Requests of other APIs are not the web UI's.
        let other = try await api.submit()
        let request = Task { try await api.post("{}", to: Self.textToImage) }
        var current = try await progress()
        while current.state.job.isEmpty { current = try await progress() }
        #expect(current.progress == 0)
        #expect(current.state.job != other)
        #expect(try await api.send(.post, "/sdapi/v1/interrupt").status == .ok)
        let response = try await request.value
        #expect(response.status == .conflict)
        #expect(try response.json(Failure.self).error == "request_cancelled")
        #expect(try await progress().state.job == "")
        #expect(try await api.send(.get, "/v2/requests/\(other)/status").json(StatusBody.self).status == "QUEUED")
    }

    @Test func `settings are told, and can be set to what they are`() async throws {
        let api = TestAPI()
        let path = "/sdapi/v1/options"
        let settings = try await api.send(.get, path).text
        #expect(settings.contains(#""sd_model_checkpoint":"sd2.1""#))
        #expect(try await api.post(settings, to: path).status == .ok)
        for json in [
            #"{"sd_model_checkpoint": "sdxl"}"#, #"{"CLIP_stop_at_last_layers": 2}"#, #"{"jpeg_quality": 1}"#,
        ] {
            #expect(try await api.post(json, to: path).status == .unprocessableContent)
        }
    }

    @Test(arguments: ["samplers", "schedulers", "sd-models", "cmd-flags", "scripts"])
    func `lists need a key and are there`(name: String) async throws {
        var api = try await TestAPI(credits: "0")
        #expect(try await api.send(.get, "/sdapi/v1/\(name)").status == .ok)
        api.key = nil
        #expect(try await api.send(.get, "/sdapi/v1/\(name)").status == .unauthorized)
    }
}

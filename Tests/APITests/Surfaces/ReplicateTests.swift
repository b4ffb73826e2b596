// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

struct ReplicateTests {
    private static let predictions = "/v1/predictions"
    private static let modelPredictions = "/v1/models/darkroom/sd2.1-txt2img/predictions"

    private struct Prediction: Decodable {
        struct Input: Decodable {
            var prompt: String?
            var seed: Int64?
        }
        struct URLs: Decodable {
            var get: String
            var cancel: String
        }
        var id: String
        var model: String
        var version: String
        var status: String
        var input: Input
        var output: [String]?
        var logs: String
        var error: String?
        var urls: URLs
    }

    private struct Failure: Decodable {
        var title: String
        var detail: String
        var status: Int
        var code: String
    }

    private static var prefer: HTTPFields {
        get throws { [try #require(HTTPFields.Element.Name("prefer")): "wait=30"] }
    }

    private func prediction(_ response: TestResponse, _ status: HTTPResponse.Status = .ok) throws -> Prediction {
        #expect(response.status == status)
        return try response.json(Prediction.self)
    }

    @Test func `a prediction is made, waited for and told`() async throws {
        let api = TestAPI()
        let made = try prediction(
            try await api.post(
                """
                {"input": {"prompt": "a boat", "num_outputs": 2, "width": 256, "height": 320, "seed": 5,
                 "num_inference_steps": 7, "scheduler": "K_EULER", "output_format": "webp", "output_quality": 40}}
                """,
                to: Self.modelPredictions,
                headers: Self.prefer
            ),
            .created
        )
        #expect(made.status == "succeeded")
        #expect(made.model == "darkroom/sd2.1-txt2img")
        #expect(made.version == "sd2.1-txt2img")
        #expect(made.input.prompt == "a boat")
        #expect(made.output?.count == 2)
        #expect(made.output?.allSatisfy { $0.hasSuffix(".webp") } == true)
        let request = try #require(api.worker.requests.first)
        #expect((request.samples, request.width, request.height, request.quality) == (2, 256, 320, 40))
        #expect(request.scheduler == .euler)
        let found = try prediction(try await api.send(.get, "\(Self.predictions)/\(made.id)"))
        #expect(found.output == made.output)
        #expect(found.input.seed == 5)
    }

    @Test func `a repetition tells the seed of the pictures it gets`() async throws {
        let api = TestAPI()
        var headers = try Self.prefer
        headers[.idempotencyKey] = "one"
        let first = try prediction(
            try await api.post(#"{"input": {}}"#, to: Self.modelPredictions, headers: headers),
            .created
        )
        let second = try prediction(
            try await api.post(#"{"input": {}}"#, to: Self.modelPredictions, headers: headers),
            .created
        )
        #expect(second.id == first.id)
        #expect(first.input.seed != nil)
        #expect(second.input.seed == first.input.seed)
    }

    @Test(arguments: ["sd2.1-txt2img", "darkroom/sd2.1-txt2img", "darkroom/sd2.1-txt2img:sd2.1-txt2img"])
    func `a version is named alone or with its model`(version: String) async throws {
        let json = #"{"version": "\#(version)", "input": {"prompt": "a"}}"#
        let made = try prediction(try await TestAPI().post(json, to: Self.predictions), .created)
        #expect(made.version == "sd2.1-txt2img")
    }

    @Test func `one who does not wait is told to ask, and can cancel`() async throws {
        let api = try await TestAPI(.away, credits: "1")
        let made = try prediction(try await api.post(#"{"input": {}}"#, to: Self.modelPredictions), .created)
        #expect(made.status == "starting")
        #expect(made.output == nil)
        #expect(made.urls.get == "http://localhost\(Self.predictions)/\(made.id)")
        for _ in 1...2 {
            let cancelled = try prediction(try await api.send(.post, "\(Self.predictions)/\(made.id)/cancel"))
            #expect(cancelled.status == "canceled")
            #expect(cancelled.error == nil)
        }
        #expect(try await api.balance == Credits("1"))
        let list = try await api.send(.get, Self.predictions)
        #expect(list.text.contains(made.id))
    }

    @Test func `a prediction that fails says why`() async throws {
        let api = TestAPI(.failure(JobFailure(.invalidOutput, "The picture is all black.")))
        let made = try prediction(
            try await api.post(#"{"input": {}}"#, to: Self.modelPredictions, headers: Self.prefer),
            .created
        )
        #expect(made.status == "failed")
        #expect(made.error == "The picture is all black.")
    }

    @Test func `progress is a bar that clients read`() throws {
        var lifecycle = JobLifecycle(retryLimit: 0, deadline: Timestamp(milliseconds: 1_000_000))
        let id = JobID()
        _ = lifecycle.lease(id, to: WorkerID(), until: Timestamp(milliseconds: 500_000))
        var job = Job(
            id: id,
            account: .default,
            endpoint: "sd2.1-txt2img",
            price: .zero,
            lifecycle: lifecycle,
            submitted: Timestamp(milliseconds: 0)
        )
        job.progress = GenerationProgress(sample: 0, step: 9, steps: 20)
        let base = try #require(PublicBaseURL("http://localhost"))
        let prediction = ReplicatePrediction(job: job, request: nil, base: base)
        guard case .object(let fields) = try prediction.json() else { return }
        #expect(fields["logs"] == "45%|████      | 9/20")
        #expect(fields["status"] == "processing")
        guard case .object(let new) = try prediction.json(isNew: true) else { return }
        #expect(new["status"] == "starting")
    }

    @Test(
        arguments: [
            (#"{"input": {"prompt": 5}}"#, "input.prompt"),
            (#"{"input": {"width": 100}}"#, "input.width"),
            (#"{"input": {"num_outputs": 11}}"#, "input.num_outputs"),
            (#"{"input": {"mask": "x"}}"#, "input.mask"),
            (#"{"input": {"lora": "x"}}"#, "input.lora"),
            (#"{"input": []}"#, "input"),
            (#"{"input": {}, "stream": true}"#, "stream"),
            (#"{"input": {}, "webhook": "http://127.0.0.1/"}"#, "webhook"),
            (#"{"input": {}, "webhook_events_filter": ["start", "completed"]}"#, "webhook_events_filter"),
        ]
    )
    func `what is wrong or not there is refused by its name`(json: String, field: String) async throws {
        let response = try await TestAPI().post(json, to: Self.modelPredictions)
        #expect(response.status == .unprocessableContent)
        let failure = try response.json(Failure.self)
        #expect(failure.detail.hasPrefix(field))
        #expect(failure.status == 422)
    }

    @Test func `the news of the end is the prediction`() async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 204)
            var api = try await TestAPI(credits: "1")
            api.configuration.outbound.allowsHTTP = true
            api.configuration.outbound.allowsPrivateAddresses = true
            let json = """
                {"input": {"prompt": "a"}, "webhook": "http://127.0.0.1:\(server.port)/hook",
                 "webhook_events_filter": ["completed"]}
                """
            let made = try prediction(try await api.post(json, to: Self.modelPredictions), .created)
            _ = try await api.end(of: made.id)
            let sender = WebhookSender(store: try await api.store, configuration: api.configuration, logger: api.logger)
            #expect(await sender.sendDue() == 1)
            let told = try JSONDecoder().decode(Prediction.self, from: Data(try #require(server.requests.first).body))
            #expect((told.id, told.status, told.output?.count) == (made.id, "succeeded", 1))
            let secret = try await api.send(.get, "/v1/webhooks/default/secret").json([String: String].self)
            #expect(secret["key"]?.hasPrefix("whsec_") == true)
        }
    }

    @Test func `models and versions are told, and others are not found`() async throws {
        let api = TestAPI()
        let model = "/v1/models/darkroom/sd2.1-txt2img"
        for path in [model, "\(model)/versions", "\(model)/versions/sd2.1-txt2img"] {
            #expect(try await api.send(.get, path).status == .ok)
        }
        for path in ["/v1/models/stability-ai/sdxl", "\(model)/versions/abc"] {
            let response = try await api.send(.get, path)
            #expect(response.status == .notFound)
            #expect(try response.json(Failure.self).code == "unknown_model")
        }
        let unknown = try await api.post(#"{"version": "abc", "input": {}}"#, to: Self.predictions)
        #expect(unknown.status == .notFound)
    }

    @Test func `keys are presented as tokens, and missing ones and credits are told`() async throws {
        var api = try await TestAPI(credits: "0")
        let key = try #require(api.key)
        let credits = try await api.post(#"{"input": {}}"#, to: Self.modelPredictions)
        #expect(credits.status == .paymentRequired)
        #expect(try credits.json(Failure.self).code == "insufficient_credits")
        api.key = nil
        let headers: HTTPFields = [.authorization: "Token \(key)"]
        #expect(try await api.send(.get, Self.predictions, headers: headers).status == .ok)
        let refused = try await api.send(.get, Self.predictions)
        #expect(refused.status == .unauthorized)
        #expect(try refused.json(Failure.self).title == "Unauthorized")
        #expect(try await api.send(.get, "\(Self.predictions)/\(JobID())", headers: headers).status == .notFound)
    }
}

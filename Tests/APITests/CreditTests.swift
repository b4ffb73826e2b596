// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

struct CreditTests {
    /// 0.00048 credits.
    private let cheap = #"{"num_inference_steps": 4, "guidance_scale": 1}"#

    @Test(
        arguments: [
            (nil, "{}"), (nil, #"{"base64": true}"#), ("image/png", "{}"), (nil, #"{"samples": 2}"#),
        ] as [(String?, String)]
    )
    func `every 200 says what it cost and what is left`(accept: String?, json: String) async throws {
        var settings = KeySettings()
        settings.rateLimit = RateLimit(requests: 5, per: .seconds(60))
        let api = try await TestAPI(credits: "5", settings)
        let response = try await api.post(json, accept: accept)
        #expect(response.status == .ok)
        let cost = json.contains("samples") ? "0.006" : "0.003"
        #expect(response.header("x-cost") == cost)
        #expect(response.header("x-remaining-credits") == "\(try await api.balance)")
        #expect(try await api.balance.description == (cost == "0.006" ? "4.994" : "4.997"))
        for name in ["x-request-id", "x-generation-time", "x-seed-value"] {
            #expect(response.header(name)?.isEmpty == false, "\(name)")
        }
        #expect(response.header("ratelimit-limit") == "5")
        #expect(response.header("ratelimit-remaining") == "4")
        #expect(response.header("ratelimit-reset").flatMap(Int.init) == 12)
    }

    @Test func `JSON says what it cost, and the account what is left`() async throws {
        let api = try await TestAPI(credits: "5")
        let metrics = try await api.post("{}").json(PictureBody.self).metrics
        #expect(metrics.cost == 0.003)
        #expect(metrics.remainingCredits == 4.997)
        let credits = try await api.send(.get, "/v1/get-user-credits").json([String: Double].self)
        #expect(credits == ["credits": 4.997, "free-credits": 0])
    }

    @Test func `where nobody needs a key nothing costs anything`() async throws {
        let api = TestAPI()
        let response = try await api.post("{}")
        #expect(response.header("x-cost") == "0")
        #expect(response.header("x-remaining-credits") == "0")
        #expect(try await api.send(.get, "/v1/get-user-credits").status == .ok)
    }

    @Test func `too few credits are a 406 that clients recognise`() async throws {
        let api = try await TestAPI(credits: "0.002")
        let response = try await api.post("{}")
        #expect(response.status == .notAcceptable)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "insufficient_credits")
        #expect(body.error == "Insufficient credits: the request costs 0.003, and the account has 0.002.")
        #expect((body.required, body.balance) == (0.003, 0.002))
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `a key that has spent what it may is refused`() async throws {
        var settings = KeySettings()
        settings.spendLimit = SpendLimit(Credits(microcredits: 4_000), per: .day)
        let api = try await TestAPI(credits: "5", settings)
        #expect(try await api.post("{}").status == .ok)
        let response = try await api.post("{}")
        #expect(response.status == .notAcceptable)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "spend_limit_reached")
        #expect(body.error.hasPrefix("Insufficient credits"))
        #expect((body.required, body.balance, body.limit) == (0.003, 0.001, "0.004 a day"))
    }

    @Test func `too many requests are a 429 that says when to come again`() async throws {
        var settings = KeySettings()
        settings.rateLimit = RateLimit(requests: 1, per: .seconds(60))
        let api = try await TestAPI(credits: "5", settings)
        #expect(try await api.post(cheap).status == .ok)
        let response = try await api.post(cheap)
        #expect(response.status == .tooManyRequests)
        #expect(try response.json(ErrorBody.self).code == "rate_limited")
        let delay = try #require(response.header("retry-after").flatMap(Int.init))
        #expect((1...60).contains(delay))
        #expect(response.header("ratelimit-remaining") == "0")
        let reset = try #require(response.header("x-rate-limit-reset-at-utc"))
        #expect(try Date(reset, strategy: .iso8601) > .now)
    }

    @Test(arguments: [
        (JobFailure.Code.workerFailed, 502, "worker_failed"), (.invalidOutput, 500, "invalid_output"),
        (.internal, 500, "internal"), (.invalidParameter, 400, "invalid_parameter"),
    ])
    func `a failure has its status and costs nothing`(
        failure: JobFailure.Code,
        status: Int,
        code: String
    ) async throws {
        let api = try await TestAPI(.failure(JobFailure(failure, "It did not work.")), credits: "5")
        let response = try await api.post("{}")
        #expect(response.status.code == status)
        let body = try response.json(ErrorBody.self)
        #expect((body.code, body.error) == (code, "It did not work."))
        #expect(try await api.balance.description == "5")
    }

    @Test func `pictures that are not ready in time are a 504 and cost nothing`() async throws {
        var policy = StorePolicy()
        policy.deadline = .milliseconds(50)
        let api = try await TestAPI(.away, policy: policy, credits: "5")
        async let response = api.post("{}")
        repeat { try await Task.sleep(for: .milliseconds(20)) } while try await api.store.maintain().expired == 0
        #expect(try await response.status == .gatewayTimeout)
        #expect(try await response.json(ErrorBody.self).code == "timeout")
        #expect(try await api.balance.description == "5")
    }

    @Test func `a request that is cancelled while its caller waits is a 409 and costs nothing`() async throws {
        let api = try await TestAPI(.hang, credits: "5")
        async let response = api.post("{}")
        for await _ in api.worker.starts.stream.prefix(1) {}
        let job = try #require(try await api.store.jobs(of: .default, after: nil, limit: 1).jobs.first)
        #expect(try await api.send(.delete, "/v2/requests/\(job.id)").status == .ok)
        #expect(try await response.status == .conflict)
        #expect(try await response.json(ErrorBody.self).code == "request_cancelled")
        #expect(try await api.balance.description == "5")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

struct IdempotencyTests {
    private let key: HTTPFields = [.idempotencyKey: "order-1"]

    @Test func `the same request twice is one job, charged once`() async throws {
        let api = try await TestAPI(credits: "5")
        let first = try await api.post(#"{"prompt": "cat", "samples": 1}"#, headers: key)
        let second = try await api.post(#"{"samples": 1, "prompt": "cat"}"#, headers: key)
        let bodies = (try first.json(PictureBody.self), try second.json(PictureBody.self))
        #expect(bodies.0.requestID == bodies.1.requestID)
        #expect(bodies.0.image == bodies.1.image)
        #expect(first.header("x-cost") == "0.003")
        #expect(first.header("idempotent-replayed") == nil)
        #expect(second.header("x-cost") == "0")
        #expect(second.header("idempotent-replayed") == "true")
        #expect(second.header("x-remaining-credits") == "4.997")
        #expect(second.header("x-request-id") != bodies.1.requestID)
        #expect(try await api.balance.description == "4.997")
    }

    @Test func `twenty at once are one job`() async throws {
        let api = try await TestAPI(.slow(.milliseconds(100)), credits: "5")
        let ids = try await api.test { client in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let headers = api.keyed([.idempotencyKey: "race", .contentType: "application/json"])
                        let body = ByteBuffer(string: #"{"prompt": "cat"}"#)
                        return try await client.execute(
                            uri: TestAPI.textToImage,
                            method: .post,
                            headers: headers,
                            body: body
                        ).json(PictureBody.self).requestID
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
        }
        #expect(ids.count == 1)
        #expect(api.worker.requests.count == 1)
        #expect(try await api.balance.description == "4.997")
    }

    @Test func `a request for later is repeated too`() async throws {
        let api = TestAPI(.away)
        let ids = [try await api.submit("{}", headers: key), try await api.submit("{}", headers: key)]
        #expect(ids[0] == ids[1])
    }

    @Test(arguments: [
        (#"{"prompt": "dog"}"#, TestAPI.textToImageLater), ("{}", TestAPI.textToImageLater),
        (#"{"prompt": "cat", "seed": 1}"#, TestAPI.textToImageLater), (#"{"prompt": "dog"}"#, TestAPI.textToImage),
    ])
    func `another request under the same key is a 422`(json: String, path: String) async throws {
        let api = TestAPI(.away)
        _ = try await api.submit(#"{"prompt": "cat"}"#, headers: key)
        let response = try await api.post(json, to: path, headers: key)
        #expect(response.status.code == 422)
        #expect(try response.json(ErrorBody.self).code == "idempotency_mismatch")
    }

    @Test func `who repeats a request and cannot wait for it is told so`() async throws {
        var api = TestAPI(.away)
        _ = try await api.submit("{}", headers: key)
        api.configuration.maxWaitsPerKey = 0
        let response = try await api.post("{}", headers: key)
        #expect(response.status == .conflict)
        #expect(response.header("retry-after") != nil)
        #expect(try response.json(ErrorBody.self).code == "idempotency_in_progress")
    }

    @Test func `a job whose answer is never begun is cancelled`() async throws {
        let api = TestAPI(.away)
        let id = try #require(JobID(try await api.submit()))
        let outbound = OutboundClient(policy: OutboundPolicy())
        let service = try await GenerationService(
            configuration: api.configuration,
            store: api.store,
            orders: GenerationOrderReader(configuration: api.configuration, outbound: outbound),
            waits: WaitLimit(1),
            pictureWaits: WaitLimit(1)
        )
        guard case .found(let job) = try await api.store.job(id, of: nil) else { throw APIError.unknownRequest }
        let receipt = JobSubmitter.Receipt(job: job, isRepetition: false)
        #expect(service.wish(for: receipt) != nil)
        #expect(try await api.end(of: "\(id)").status == "CANCELLED")
    }

    @Test func `a refused request leaves its key free`() async throws {
        let api = try await TestAPI(credits: "0")
        #expect(try await api.post("{}", headers: key).status == .notAcceptable)
        _ = try await api.store.grant(Credits(microcredits: 3_000), to: .default)
        #expect(try await api.post("{}", headers: key).status == .ok)
    }

    @Test(arguments: ["", "a b", "é", String(repeating: "a", count: 256)])
    func `a key of another kind is a 400`(text: String) async throws {
        let response = try await TestAPI().post("{}", headers: [.idempotencyKey: text])
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).field == "Idempotency-Key")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

/// Requests whose pictures are asked for later.
struct LaterTests {
    @Test(arguments: [(TestAPI.textToImageLater, nil, 200), (TestAPI.textToImage, "respond-async", 202)])
    func `a request is answered at once with where to ask`(
        path: String,
        preference: String?,
        status: Int
    ) async throws {
        let api = try await TestAPI(.away, credits: "5")
        var headers: HTTPFields = [:]
        headers[.prefer] = preference.map { "wait=5, \($0); x=1" }
        let response = try await api.post("{}", to: path, headers: headers)
        #expect(response.status.code == status)
        #expect(response.header("x-cost") == "0.003")
        #expect(response.header("x-remaining-credits") == "4.997")
        let body = try response.json(StatusBody.self)
        #expect(JobID(body.requestID) != nil)
        #expect(body.requestID == response.header("x-request-id"))
        #expect(body.status == "QUEUED")
        #expect(body.queuePosition == 0)
        #expect(body.pollURL == "http://localhost/v1/requests/\(body.requestID)")
        #expect(body.statusURL == "http://localhost/v2/requests/\(body.requestID)/status")
        #expect(body.responseURL == "http://localhost/v2/requests/\(body.requestID)")
    }

    @Test func `the result is the pictures, at either address`() async throws {
        let api = try await TestAPI(.pictures(warnings: ["Cut."]), credits: "5")
        let id = try await api.submit(#"{"samples": 2, "seed": 7, "styel": 1}"#)
        let end = try await api.end(of: id)
        #expect(end.status == "COMPLETED")
        #expect(end.metrics.inferenceTime == 1.9)
        #expect(end.metrics.cost == 0.006)
        for version in ["v1", "v2"] {
            let response = try await api.send(.get, "/\(version)/requests/\(id)")
            #expect(response.status == .ok)
            let body = try response.json(PictureBody.self)
            #expect((body.requestID, body.status, body.seed) == (id, "COMPLETED", 7))
            #expect(body.images.map(\.seed) == [7, 8])
            #expect(body.output == body.images[0].url)
            #expect(body.warnings == ["Cut.", #"The field "styel" is not known and was ignored."#])
            #expect(body.metrics.remainingCredits == 4.994)
        }
    }

    @Test func `a result has its pictures in it when that was asked for`() async throws {
        let api = TestAPI()
        let id = try await api.submit(#"{"base64": true, "output_format": "png"}"#)
        _ = try await api.end(of: id)
        let body = try await api.send(.get, "/v2/requests/\(id)").json(PictureBody.self)
        #expect(ImageFormat(sniffing: Array(try #require(body.images[0].base64))) == .png)
        #expect(body.output?.hasPrefix("http://localhost/v1/images/") == true)
    }

    @Test func `a result that is not there says how far it is`() async throws {
        let api = TestAPI(.away)
        let id = try await api.submit()
        let response = try await api.send(.get, "/v2/requests/\(id)")
        #expect(response.status == .ok)
        #expect(try response.json(StatusBody.self).status == "QUEUED")
    }

    @Test func `a request that is worked on says its step`() async throws {
        let api = TestAPI(.away)
        let id = try await api.submit(#"{"samples": 2}"#)
        let store = try await api.store
        let claimed = try #require(try await store.claim(by: WorkerID(), upTo: 1, size: nil, waitingUpTo: .zero).first)
        let progress = JobProgress(GenerationProgress(sample: 1, step: 5, steps: 25))
        _ = try await store.heartbeat([Heartbeat(lease: claimed.lease, progress: progress)])
        let body = try await api.send(.get, "/v2/requests/\(id)/status").json(StatusBody.self)
        #expect(body.status == "PROCESSING")
        #expect((body.sample, body.step, body.steps) == (2, 5, 25))
    }

    @Test(arguments: ["/v2/requests/ID/status", "/v2/requests/ID", "/v1/requests/ID"])
    func `a failed request is a 422 that says why`(path: String) async throws {
        let api = TestAPI(.failure(JobFailure(.workerFailed, "It stopped.")))
        let id = try await api.submit()
        _ = try await api.end(of: id)
        let response = try await api.send(.get, path.replacing("ID", with: id))
        #expect(response.status.code == 422)
        let body = try response.json(StatusBody.self)
        #expect((body.status, body.error, body.code) == ("FAILED", "It stopped.", "worker_failed"))
        #expect(body.metrics.cost == nil)
    }

    @Test func `a wait ends with the request, or when it was long enough`() async throws {
        let waiting = TestAPI(.away)
        let id = try await waiting.submit()
        #expect(
            try await waiting.send(.get, "/v2/requests/\(id)/status?wait=1").json(StatusBody.self).status == "QUEUED"
        )

        let api = TestAPI(.slow(.milliseconds(100)))
        #expect(try await api.end(of: try await api.submit()).status == "COMPLETED")
    }

    @Test(arguments: ["wait=x", "wait=-1", "wait=61", "wait=1.5"])
    func `a wait of another kind is a 400`(query: String) async throws {
        let response = try await TestAPI().send(.get, "/v2/requests/\(JobID())/status?\(query)")
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).field == "wait")
    }

    @Test func `as many wait as may`() async throws {
        var api = TestAPI(.away)
        api.configuration.maxWaitsPerKey = 0
        let id = try await api.submit()
        for path in ["status?wait=1", "events"] {
            let response = try await api.send(.get, "/v2/requests/\(id)/\(path)")
            #expect(response.status == .tooManyRequests)
            #expect(response.header("retry-after") != nil)
            #expect(try response.json(ErrorBody.self).code == "too_many_waits")
        }
        #expect(try await api.send(.get, "/v2/requests/\(id)/status").status == .ok)
    }

    @Test func `cancelling gives the credits back, and again changes nothing`() async throws {
        let api = try await TestAPI(.away, credits: "5")
        let id = try await api.submit()
        #expect(try await api.balance.description == "4.997")
        for _ in 0..<2 {
            let response = try await api.send(.delete, "/v2/requests/\(id)")
            #expect(response.status == .ok)
            #expect(try response.json(StatusBody.self).status == "CANCELLED")
        }
        #expect(try await api.balance.description == "5")
        #expect(try await api.send(.get, "/v2/requests/\(id)/status").json(StatusBody.self).status == "CANCELLED")
        let result = try await api.send(.get, "/v2/requests/\(id)")
        #expect(result.status.code == 422)
        #expect(try result.json(StatusBody.self).code == "request_cancelled")
    }

    @Test func `cancelling a request that is over changes nothing`() async throws {
        let api = TestAPI()
        let id = try await api.submit()
        _ = try await api.end(of: id)
        let response = try await api.send(.delete, "/v1/requests/\(id)")
        #expect(response.status == .ok)
        #expect(try response.json(StatusBody.self).status == "COMPLETED")
    }

    @Test(arguments: ["no-id", JobID().description])
    func `a request that never was is a 404`(id: String) async throws {
        let api = TestAPI()
        for (method, path) in [
            (.get, "/v1/requests/\(id)"), (.get, "/v2/requests/\(id)/status"), (.get, "/v2/requests/\(id)/events"),
            (.delete, "/v2/requests/\(id)"), (.get, "/v2/requests/\(id)/webhooks"),
        ] as [(HTTPRequest.Method, String)] {
            let response = try await api.send(method, path)
            #expect(response.status == .notFound)
            #expect(try response.json(ErrorBody.self).code == "unknown_request")
        }
    }

    @Test func `a request whose record is gone is a 410`() async throws {
        var policy = StorePolicy()
        policy.recordLifetime = .zero
        let api = TestAPI(policy: policy)
        let id = try await api.submit()
        while try await api.send(.get, "/v1/requests/\(id)").status != .gone {
            try await Task.sleep(for: .milliseconds(5))
        }
        for (method, path) in [
            (.get, "/v1/requests/\(id)"), (.get, "/v2/requests/\(id)/status"), (.get, "/v2/requests/\(id)/events"),
            (.delete, "/v2/requests/\(id)"),
        ] as [(HTTPRequest.Method, String)] {
            let response = try await api.send(method, path)
            #expect(response.status == .gone)
            #expect(try response.json(ErrorBody.self).code == "expired_request")
        }
    }

    @Test func `the history is read page by page, the newest first`() async throws {
        struct History: Decodable {
            struct Entry: Decodable {
                var requestId: String
                var status: String
                var createdAt: String
            }
            var requests: [Entry]
            var nextCursor: String?
        }
        let api = try await TestAPI(.away, credits: "5")
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try await api.submit()) }
        let first = try await api.send(.get, "/v1/requests?limit=2").snakeJSON(History.self)
        #expect(first.requests.map(\.requestId) == [ids[2], ids[1]])
        #expect(first.requests.allSatisfy { $0.status == "QUEUED" })
        #expect(try Date(first.requests[0].createdAt, strategy: .iso8601.year().month().day()) < .now)
        let cursor = try #require(first.nextCursor)
        let second = try await api.send(.get, "/v1/requests?limit=2&cursor=\(cursor)").snakeJSON(History.self)
        #expect(second.requests.map(\.requestId) == [ids[0]])
        #expect(second.nextCursor == nil)
        for query in ["cursor=x", "limit=0", "limit=101"] {
            #expect(try await api.send(.get, "/v1/requests?\(query)").status == .badRequest)
        }
    }
}

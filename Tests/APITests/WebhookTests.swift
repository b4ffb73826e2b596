// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Hummingbird
import HummingbirdTesting
import Jobs
import Logging
import ServiceLifecycle
import Testing

@testable import API

struct WebhookTests {
    private struct Body: Decodable {
        struct Result: Decodable {
            var requestId: String
            var status: String
            var output: String?
            var code: String?
        }
        var type: String
        var timestamp: String
        var data: Result
    }

    private struct Log: Decodable {
        struct Delivery: Decodable {
            struct Attempt: Decodable {
                var status: Int?
                var error: String?
            }
            var id: String
            var url: String
            var state: String
            var attempts: [Attempt]
        }
        var deliveries: [Delivery]
    }

    private func localAPI(
        _ outcome: TestWorker.Outcome = .pictures(warnings: []),
        policy: StorePolicy = .patient
    ) async throws -> TestAPI {
        var api = try await TestAPI(outcome, policy: policy, credits: "5")
        api.configuration.outbound.allowsHTTP = true
        api.configuration.outbound.allowsPrivateAddresses = true
        return api
    }

    private func sender(_ api: TestAPI) async throws -> WebhookSender {
        WebhookSender(store: try await api.store, configuration: api.configuration, logger: api.logger)
    }

    private func log(_ api: TestAPI, _ id: String) async throws -> Log.Delivery {
        let log = try await api.send(.get, "/v2/requests/\(id)/webhooks").json(Log.self)
        return try #require(log.deliveries.first)
    }

    /// The example of the Standard Webhooks specification's own libraries.
    @Test func `a message is signed as the standard says`() throws {
        let secret = try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let message = WebhookMessage(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: Data(#"{"test": 2432232314}"#.utf8)
        )
        #expect(message.signature([UInt8](secret)) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(WebhookMessage.text(of: [UInt8](secret)) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test(
        arguments: [
            (.pictures(warnings: []), "request.completed", "COMPLETED"),
            (.failure(JobFailure(.workerFailed, "It stopped.")), "request.failed", "FAILED"),
        ] as [(TestWorker.Outcome, String, String)]
    )
    func `the news of a request's end is delivered, signed with the account's secret`(
        outcome: TestWorker.Outcome,
        type: String,
        status: String
    ) async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 204)
            let api = try await localAPI(outcome)
            let id = try await api.submit(#"{"webhook": "http://127.0.0.1:\#(server.port)/hook", "base64": true}"#)
            _ = try await api.end(of: id)
            #expect(try await sender(api).sendDue() == 1)
            #expect(try await sender(api).sendDue() == 0)

            let request = try #require(server.requests.first)
            let body = try TestResponse.snakeDecoder.decode(Body.self, from: Data(request.body))
            #expect((body.type, body.data.requestId, body.data.status) == (type, id, status))
            if status == "COMPLETED" { #expect(body.data.output?.hasPrefix("http://localhost/v1/images/") == true) }

            // As a receiver checks it, with the secret it was given.
            let text = try await api.send(.get, "/v1/webhooks/secret").json([String: String].self)["secret"] ?? ""
            #expect(text.hasPrefix("whsec_"))
            let secret = try #require(Data(base64Encoded: String(text.dropFirst("whsec_".count))))
            let header = { (name: String) in request.headers.first { $0.name.canonicalName == name }?.value ?? "" }
            let signed = "\(header("webhook-id")).\(header("webhook-timestamp"))."
            let code = HMAC<SHA256>.authenticationCode(
                for: Data(signed.utf8) + Data(request.body),
                using: SymmetricKey(data: secret)
            )
            #expect(header("webhook-signature") == "v1,\(Data(code).base64EncodedString())")
            #expect(header("content-type") == "application/json")
            let time = try #require(Double(header("webhook-timestamp")))
            #expect(abs(Date.now.timeIntervalSince1970 - time) < 60)

            let entry = try await log(api, id)
            #expect((entry.id, entry.state) == (header("webhook-id"), "delivered"))
            #expect(entry.attempts.map(\.status) == [204])
        }
    }

    @Test(
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "congo=t61rcWkgMzE"),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", nil), (nil, nil),
        ] as [(String?, String?)]
    )
    func `a receiver goes on in the trace of the request, if that had one`(
        traceparent: String?,
        tracestate: String?
    ) async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 204)
            let api = try await localAPI()
            var headers: HTTPFields = [:]
            headers[try #require(HTTPFields.Element.Name("traceparent"))] = traceparent
            headers[try #require(HTTPFields.Element.Name("tracestate"))] = "congo=t61rcWkgMzE"
            let id = try await api.submit(
                #"{"webhook": "http://127.0.0.1:\#(server.port)/hook"}"#,
                headers: headers
            )
            _ = try await api.end(of: id)
            #expect(try await sender(api).sendDue() == 1)
            let received = try #require(server.requests.first).headers
            let header = { (name: String) in received.first { $0.name.canonicalName == name }?.value }
            // What the standard says to ignore is not handed on.
            #expect(header("traceparent") == (tracestate == nil ? nil : traceparent))
            #expect(header("tracestate") == tracestate)
        }
    }

    @Test func `a delivery that failed is tried again under the same id`() async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 500)
            server.answer("/hook", status: 302, location: "/elsewhere")
            server.answer("/hook", status: 200)
            var policy = StorePolicy()
            policy.webhookBackoff = [.zero, .zero, .zero]
            let api = try await localAPI(policy: policy)
            let id = try await api.submit(#"{"webhook": "http://127.0.0.1:\#(server.port)/hook"}"#)
            _ = try await api.end(of: id)
            #expect(try await sender(api).sendDue() == 3)
            // Redirects are not followed.
            #expect(server.requests.map(\.path) == ["/hook", "/hook", "/hook"])
            let entry = try await log(api, id)
            #expect(entry.state == "delivered")
            #expect(entry.attempts.map(\.status) == [500, 302, 200])
        }
    }

    @Test func `an account whose receivers do not answer holds up nobody else's deliveries`() async throws {
        try await withTestServer { server async throws in
            server.answer("/slow", status: 200, after: .seconds(2))
            server.answer("/hook", status: 200)
            let api = try await localAPI()
            let bob = try #require(AccountID("bob"))
            let other: HTTPFields = [.apiKey: try await api.makeKey(for: bob)]
            _ = try await api.store.grant(Credits(microcredits: 1_000_000), to: bob)
            for (path, headers, count) in [("slow", [:], 6), ("hook", other, 20)] as [(String, HTTPFields, Int)] {
                for _ in 0..<count {
                    let body = #"{"webhook": "http://127.0.0.1:\#(server.port)/\#(path)"}"#
                    let id = try await api.submit(body, headers: headers)
                    _ = try await api.store.cancel(try #require(JobID(id)), of: nil)
                }
            }
            #expect(try await sender(api).sendDue() == 26)
            // Four of six were under way, and all the others' were made before a fifth began.
            let paths = server.requests.map(\.path)
            #expect(paths.filter { $0 == "/slow" }.count == 6)
            #expect(paths.suffix(2) == ["/slow", "/slow"])
        }
    }

    @Test func `of an answer only the status counts, however long it is`() async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 200, body: [UInt8](repeating: 0, count: 1 << 20))
            let api = try await localAPI()
            let id = try await api.submit(#"{"webhook": "http://127.0.0.1:\#(server.port)/hook"}"#)
            _ = try await api.end(of: id)
            #expect(try await sender(api).sendDue() == 1)
            #expect(try await log(api, id).state == "delivered")
        }
    }

    @Test func `a delivery is made also after its request's record may not be read any more`() async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 204)
            var policy = StorePolicy()
            policy.recordLifetime = .milliseconds(1)
            let api = try await localAPI(policy: policy)
            let id = try await api.submit(#"{"webhook": "http://127.0.0.1:\#(server.port)/hook"}"#)
            while try await api.send(.get, "/v2/requests/\(id)/status").status != .gone {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await sender(api).sendDue() == 1)
            let body = try #require(server.requests.first).body
            #expect(String(decoding: body, as: UTF8.self).contains("request.completed"))
        }
    }

    @Test func `a delivery that never succeeds is given up, and its log says why`() async throws {
        var policy = StorePolicy()
        policy.webhookBackoff = []
        let api = try await localAPI(policy: policy)
        let id = try await api.submit(#"{"webhook": "http://127.0.0.1:1/hook"}"#)
        _ = try await api.end(of: id)
        #expect(try await sender(api).sendDue() == 1)
        let entry = try await log(api, id)
        #expect(entry.state == "abandoned")
        #expect(entry.attempts.map(\.error) == ["the server cannot be reached"])
    }

    @Test func `a name that leads inside is not called`() async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 200)
            var api = try await localAPI()
            let id = try await api.submit(#"{"webhook": "http://inside.example:\#(server.port)/hook"}"#)
            _ = try await api.end(of: id)
            api.configuration.outbound.allowsPrivateAddresses = false
            let sender = WebhookSender(
                store: try await api.store,
                client: OutboundClient(
                    policy: api.configuration.outbound,
                    resolver: HostResolver { _ in IPAddress("127.0.0.1") }
                ),
                publicBaseURL: nil,
                logger: api.logger
            )
            #expect(await sender.sendDue() == 1)
            #expect(server.requests.isEmpty)
            #expect(try await log(api, id).attempts.map(\.error) == ["the address does not lead to a public server"])
        }
    }

    @Test func `the sender runs until it is told to stop`() async throws {
        try await withTestServer { server async throws in
            server.answer("/hook", status: 200)
            let api = try await localAPI()
            let id = try await api.submit(#"{"webhook": "http://127.0.0.1:\#(server.port)/hook"}"#)
            _ = try await api.end(of: id)
            let group = ServiceGroup(services: [try await sender(api)], logger: api.logger)
            async let running: Void = group.run()
            while try await log(api, id).state != "delivered" { try await Task.sleep(for: .milliseconds(10)) }
            await group.triggerGracefulShutdown()
            // Without an end this waits until the test runner gives up.
            try await running
        }
    }
}

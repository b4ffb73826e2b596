// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Logging
import NIOCore
import Testing

@testable import API

/// What only a real connection shows.
struct LiveServerTests {
    @Test func `a request is answered over a socket, and its picture too`() async throws {
        let api = TestAPI()
        try await api.test(.live) { server in
            let port = try #require(server.port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                let response = try await client.execute(
                    TestClient.Request(
                        TestAPI.textToImage,
                        method: .post,
                        authority: "127.0.0.1:9",
                        headers: [.contentType: "application/json"],
                        body: ByteBuffer(string: #"{"prompt": "cat"}"#)
                    )
                )
                #expect(response.status == .ok)
                #expect(response.headers[.connection] == nil)
                let body = try #require(response.body)
                #expect(String(buffer: body).contains("http://127.0.0.1:9/v1/images/"))
            }
        }
    }

    @Test func `a silent connection is closed`() async throws {
        var api = TestAPI()
        api.configuration.idleTimeout = .milliseconds(50)
        try await api.test(.live) { server in
            let port = try #require(server.port)
            let client = TestClient(host: "localhost", port: port)
            client.connect()
            // Without the timeout this waits until the test runner gives up.
            try await client.getChannel().closeFuture.get()
            try await client.shutdown()
        }
    }

    @Test func `an answer may take longer than a connection may be silent`() async throws {
        var api = TestAPI(.slow(.seconds(5)))
        api.configuration.idleTimeout = .seconds(3)
        try await api.test(.live) { server in
            let port = try #require(server.port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                let response = try await client.execute(
                    TestClient.Request(
                        TestAPI.textToImage,
                        method: .post,
                        authority: "localhost",
                        headers: [.contentType: "application/json"],
                        body: ByteBuffer(string: "{}")
                    )
                )
                #expect(response.status == .ok)
            }
        }
    }

    private func request(
        _ path: String = TestAPI.textToImage,
        headers: HTTPFields = [:],
        body: String = "{}"
    ) -> TestClient.Request {
        var headers = headers
        headers[.contentType] = "application/json"
        return TestClient.Request(
            path,
            method: .post,
            authority: "localhost",
            headers: headers,
            body: ByteBuffer(string: body)
        )
    }

    @Test func `a connection serves one request after another`() async throws {
        let api = TestAPI()
        try await api.test(.live) { server in
            let port = try #require(server.port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                for body in ["{}", "{", "{}"] {
                    let response = try await client.execute(request(body: body))
                    #expect(response.status == (body == "{}" ? .ok : .badRequest))
                    #expect(response.headers[.connection] == nil)
                }
            }
        }
    }

    @Test func `a caller who is refused before the body is read loses the connection`() async throws {
        let api = try await TestAPI(credits: "1")
        try await api.test(.live) { server in
            let port = try #require(server.port)
            try await withConnection(to: port) { inbound, outbound in
                // The body never comes.
                try await outbound.write(
                    ByteBuffer(string: "POST /v1/sd2.1-txt2img HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
                )
                let answer = try await text(inbound)
                #expect(answer.hasPrefix("HTTP/1.1 401"))
                #expect(answer.lowercased().contains("connection: close"))
            }
        }
    }

    @Test func `a body that comes too slowly closes the connection`() async throws {
        var api = TestAPI()
        api.configuration.bodyTimeout = .milliseconds(200)
        try await api.test(.live) { server in
            let port = try #require(server.port)
            try await withConnection(to: port) { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(string: "POST /v1/sd2.1-txt2img HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
                )
                let drip = Task {
                    while true {
                        try await Task.sleep(for: .milliseconds(20))
                        try await outbound.write(ByteBuffer(string: " "))
                    }
                }
                // Without the limit this waits until the test runner gives up.
                _ = try? await text(inbound)
                drip.cancel()
            }
        }
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `a head that comes too slowly closes the connection`() async throws {
        var api = TestAPI()
        api.configuration.headTimeout = .milliseconds(200)
        try await api.test(.live) { server in
            let port = try #require(server.port)
            // Without the limit this waits until the test runner gives up.
            try? await withConnection(to: port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "POST /v1/sd2.1-txt2img HTTP/1.1\r\nX: "))
                _ = try await text(inbound)
            }
        }
    }

    /// A client whose request a worker has begun, and who waits for the answer.
    private func clientWhoseWorkBegan(_ request: TestClient.Request, _ api: TestAPI, _ port: Int) async throws
        -> TestClient
    {
        let client = TestClient(host: "localhost", port: port)
        client.connect()
        try await client.executeAndDontWaitForResponse(request)
        for await _ in api.worker.starts.stream.prefix(1) {}
        return client
    }

    @Test func `a caller who goes away cancels the work`() async throws {
        let api = try await TestAPI(.hang, credits: "5")
        try await api.test(.live) { server in
            let port = try #require(server.port)
            let client = try await clientWhoseWorkBegan(request(headers: api.keyed([:])), api, port)
            try await client.shutdown()
            // Without the cancellation this waits until the test runner gives up.
            for await _ in api.worker.cancellations.stream.prefix(1) {}
        }
        #expect(try await api.balance.description == "5")
    }

    @Test(arguments: [("prefer", "respond-async"), ("x-keep-on-disconnect", "true")])
    func `a caller who goes away and wanted to keep the work keeps it`(name: String, value: String) async throws {
        let api = TestAPI(.slow(.milliseconds(300)))
        try await api.test(.live) { server in
            let port = try #require(server.port)
            let header = try #require(HTTPFields.Element.Name(name))
            let client = try await clientWhoseWorkBegan(request(headers: [header: value]), api, port)
            try await client.shutdown()
            let job = try #require(try await api.store.jobs(of: nil, after: nil, limit: 1).jobs.first)
            #expect(try await api.end(of: "\(job.id)").status == "COMPLETED")
        }
    }

    @Test func `those who wait leave connections for other keys, and for probes`() async throws {
        var limited = try await TestAPI(.hang, credits: "5")
        limited.configuration.maxConnections = 4
        let api = limited
        let other: HTTPFields = [.apiKey: try await api.makeKey(for: .default)]
        let stream = #"{"prompt": "cat", "stream": true}"#
        try await api.test(.live) { server in
            let port = try #require(server.port)
            // Three may wait, two of them with one key.
            let first = try await clientWhoseWorkBegan(request(headers: api.keyed([:])), api, port)
            let second = try await clientWhoseWorkBegan(request(headers: api.keyed([:])), api, port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                for path in [TestAPI.textToImage, "/v1/images/generations"] {
                    let answer = try await client.execute(request(path, headers: api.keyed([:]), body: stream))
                    #expect(answer.status == .tooManyRequests)
                }
            }
            let third = try await clientWhoseWorkBegan(request(headers: other), api, port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                #expect(try await client.execute(request(headers: other)).status == .tooManyRequests)
                let later = try await client.execute(request(TestAPI.textToImageLater, headers: other))
                #expect(later.status == .ok)
            }
            for client in [first, second, third] { try await client.shutdown() }
        }
    }

    @Test func `the work is kept as long as anyone waits who sent the same`() async throws {
        let api = TestAPI(.slow(.milliseconds(500)))
        try await api.test(.live) { server in
            let port = try #require(server.port)
            let first = try await clientWhoseWorkBegan(request(headers: [.idempotencyKey: "one"]), api, port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                async let answer = client.execute(request(headers: [.idempotencyKey: "one"]))
                try await Task.sleep(for: .milliseconds(200))
                try await first.shutdown()
                #expect(try await answer.status == .ok)
            }
        }
        #expect(api.worker.requests.count == 1)
    }

    @Test func `the work is kept when someone who sent the same asks for it later`() async throws {
        let api = TestAPI(.slow(.milliseconds(500)))
        try await api.test(.live) { server in
            let port = try #require(server.port)
            let first = try await clientWhoseWorkBegan(request(headers: [.idempotencyKey: "one"]), api, port)
            try await TestClient.withClient(host: "localhost", port: port) { client in
                let later = request(TestAPI.textToImageLater, headers: [.idempotencyKey: "one"])
                let answer = try await client.execute(later)
                #expect(answer.status == .ok)
            }
            try await first.shutdown()
            let job = try #require(try await api.store.jobs(of: nil, after: nil, limit: 1).jobs.first)
            #expect(try await api.end(of: "\(job.id)").status == "COMPLETED")
        }
    }
}

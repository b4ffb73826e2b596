// SPDX-License-Identifier: Apache-2.0

import API
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

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
                        authority: "example.org",
                        headers: [.contentType: "application/json"],
                        body: ByteBuffer(string: #"{"prompt": "cat"}"#)
                    )
                )
                #expect(response.status == .ok)
                #expect(response.headers[.connection] == "close")
                let body = try #require(response.body)
                #expect(String(buffer: body).contains("http://example.org/v1/images/"))
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
        var api = TestAPI(.slow(.seconds(3)))
        api.configuration.idleTimeout = .seconds(1)
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

    @Test func `a caller who goes away cancels the work`() async throws {
        let api = TestAPI(.hang)
        try await api.test(.live) { server in
            let port = try #require(server.port)
            let client = TestClient(host: "localhost", port: port)
            client.connect()
            try await client.executeAndDontWaitForResponse(
                TestClient.Request(
                    TestAPI.textToImage,
                    method: .post,
                    authority: "localhost",
                    headers: [.contentType: "application/json"],
                    body: ByteBuffer(string: "{}")
                )
            )
            for await _ in api.generator.starts.stream.prefix(1) {}
            try await client.shutdown()
            // Without the cancellation this waits until the test runner gives up.
            for await _ in api.generator.cancellations.stream.prefix(1) {}
        }
    }
}

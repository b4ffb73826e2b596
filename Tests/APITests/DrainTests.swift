// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import ServiceLifecycleTestKit
import Testing

@testable import API

/// What callers see of a server that shuts down.
struct DrainTests {
    @Test func `who waits for pictures is told where to ask, and the request goes on`() async throws {
        var api = try await TestAPI(.hang, credits: "5")
        api.configuration.drainPatience = .milliseconds(50)
        let draining = api
        try await testGracefulShutdown { trigger async throws in
            async let response = draining.post("{}")
            for await _ in draining.worker.starts.stream.prefix(1) {}
            trigger.triggerGracefulShutdown()
            #expect(try await response.status == .accepted)
            let body = try await response.json(StatusBody.self)
            #expect(body.status == "PROCESSING")
            #expect(try await draining.send(.get, body.statusURL.replacing("http://localhost", with: "")).status == .ok)
        }
        #expect(try await api.balance.description == "4.997")
    }

    @Test func `pictures that are nearly there are waited for`() async throws {
        let api = TestAPI(.slow(.milliseconds(300)))
        try await testGracefulShutdown { trigger async throws in
            async let response = api.post("{}")
            for await _ in api.worker.starts.stream.prefix(1) {}
            trigger.triggerGracefulShutdown()
            #expect(try await response.status == .ok)
        }
    }

    @Test func `waits and streams end, and readiness with them`() async throws {
        let api = TestAPI(.away)
        let id = try await api.submit()
        try await testGracefulShutdown { trigger async throws in
            #expect(try await api.send(.get, "/ready").status == .ok)
            async let events = api.send(.get, "/v2/requests/\(id)/events")
            async let status = api.send(.get, "/v2/requests/\(id)/status?wait=60")
            trigger.triggerGracefulShutdown()
            #expect(try await events.status == .ok)
            #expect(try await status.json(StatusBody.self).status == "QUEUED")
            #expect(try await api.send(.get, "/ready").status == .serviceUnavailable)
            #expect(try await api.send(.get, "/health").text.contains(#""status":"draining""#))
        }
    }
}

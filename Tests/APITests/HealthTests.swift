// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import ServiceLifecycle
import Testing

@testable import API

struct HealthTests {
    private struct Health: Decodable, Equatable {
        var status: String
        var queued: Int?
        var running: Int?
        var workers: Int?
    }

    @Test func `a service without workers is cold, and ready for requests`() async throws {
        let api = TestAPI(.away)
        let health = try await api.send(.get, "/health")
        #expect(health.status == .ok)
        #expect(try health.json(Health.self) == Health(status: "cold", queued: 0, running: 0, workers: 0))
        #expect(try await api.send(.get, "/ready").status == .ok)
        _ = try await api.submit()
        #expect(try await api.send(.get, "/health").json(Health.self).status == "starting")
    }

    @Test(arguments: [(WorkerState.starting, "starting"), (.ready, "ready"), (.busy, "busy"), (.draining, "cold")])
    func `health is what the workers say`(state: WorkerState, status: String) async throws {
        let api = TestAPI(.away)
        try await api.store.announce(WorkerID(), state)
        let health = try await api.send(.get, "/health").json(Health.self)
        #expect(health == Health(status: status, queued: 0, running: 0, workers: 1))
    }

    @Test func `a service that shuts down says so`() {
        let state = ServiceState(QueueStatistics(), isDraining: true)
        #expect(state == .draining)
        #expect(!state.takesRequests)
        #expect(!ServiceState.failing.takesRequests)
    }
}

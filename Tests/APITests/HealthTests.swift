// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import ServiceLifecycle
import Synchronization
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

    /// A store whose server does not answer for a long time.
    private final class SilentStore: MaintenanceStore {
        let questions = Atomic(0)

        func statistics() async throws(StoreError) -> QueueStatistics {
            questions.add(1, ordering: .relaxed)
            try? await Task.sleep(for: .seconds(600))
            return QueueStatistics()
        }
        func maintain() async throws(StoreError) -> MaintenanceReport { throw .busy }
        func bury(_ worker: WorkerID) async throws(StoreError) -> Int { throw .busy }
        func hasWork(waitingUpTo patience: Duration) async throws(StoreError) -> Bool { throw .busy }
        func throughput(per interval: Duration, count: Int) async throws(StoreError) -> Throughput { throw .busy }
        func failures(limit: Int) async throws(StoreError) -> [Job] { throw .busy }
    }

    @Test func `a store that does not answer is not waited for`() async throws {
        await #expect(throws: StoreError.self) {
            try await SharedStatistics(of: SilentStore()).current(within: .milliseconds(10))
        }
        let store = try await TestAPI(.away).store
        #expect(try await SharedStatistics(of: store).current(within: .seconds(60)).queued == 0)
    }

    @Test func `a store that is slow is asked one question at a time`() async throws {
        let store = SilentStore()
        let statistics = SharedStatistics(of: store)
        for _ in 0..<3 {
            await #expect(throws: StoreError.self) { try await statistics.current(within: .milliseconds(10)) }
        }
        #expect(store.questions.load(ordering: .relaxed) == 1)
    }

    @Test func `a service that shuts down says so`() {
        let state = ServiceState(QueueStatistics(), isDraining: true)
        #expect(state == .draining)
        #expect(!state.takesRequests)
        #expect(!ServiceState.failing.takesRequests)
    }
}

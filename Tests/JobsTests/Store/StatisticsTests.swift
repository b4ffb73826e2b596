// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

/// What operators are told, on every kind of store.
@Suite struct StatisticsTests {
    @Test(arguments: StoreKind.allCases)
    func throughputCountsEachEndInItsSpan(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let minute = Duration.seconds(60)
        for end in [JobEnd.completed, .completed, .failed(JobFailure(.internal, "No.")), .cancelled] {
            try await test.end(end)
        }
        test.clock.advance(by: minute)
        try await test.end(.completed)
        test.clock.advance(by: minute + minute)

        let throughput = try await test.store.throughput(per: minute, count: 5)
        #expect(throughput.completed == [0, 2, 1, 0, 0])
        // What nobody wanted any more is no failure.
        #expect(throughput.failed == [0, 1, 0, 0, 0])
        #expect(throughput.interval == minute)
        #expect(throughput.start.milliseconds % 60_000 == 0)
        let present = throughput.start.duration(to: test.clock.now)
        #expect(present >= minute * 4 && present < minute * 5)
        #expect(try await test.store.throughput(per: minute, count: 2).completed == [0, 0])
        #expect(try await test.store.throughput(per: .seconds(3600), count: 2).completed.reduce(0, +) == 3)
    }

    @Test(arguments: StoreKind.allCases)
    func throughputCountsWhatPassedItsDeadlineAsFailed(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        _ = try await test.store.accept(.test())
        test.clock.advance(by: test.policy.deadline)
        _ = try await test.store.maintain()
        let throughput = try await test.store.throughput(per: .seconds(1), count: 1)
        #expect((throughput.completed, throughput.failed) == ([0], [1]))
    }

    @Test(arguments: StoreKind.allCases)
    func failuresAreListedTheNewestFirstWhileTheirRecordsAreKept(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        try await test.store.open(.bob)
        let failure = JobFailure(.internal, "No.")
        try await test.end(.completed)
        let first = try await test.end(.failed(failure), by: .alice)
        try await test.end(.cancelled)
        let second = try await test.end(.failed(failure), by: .bob)
        _ = try await test.store.accept(.test())

        let failures = try await test.store.failures(limit: 10)
        #expect(failures.map(\.id) == [second, first])
        #expect(failures.map(\.account) == [.bob, .alice])
        #expect(failures.first?.lifecycle.state == .ended(.failed(failure)))
        #expect(try await test.store.failures(limit: 1).map(\.id) == [second])
        test.clock.advance(by: test.policy.recordLifetime)
        #expect(try await test.store.failures(limit: 10).isEmpty)
    }
}

extension TestStore {
    /// Makes a job end so, and returns its name.
    @discardableResult
    fileprivate func end(_ end: JobEnd, by account: AccountID = .alice) async throws -> JobID {
        let job = try await store.accept(.test(by: account))
        if end == .cancelled {
            _ = try await store.cancel(job.id, of: nil)
            return job.id
        }
        let claimed = try #require(try await store.claim())
        if case .failed(let failure) = end {
            _ = try await store.fail(claimed.lease, failure, isRetryable: false)
        } else {
            _ = try await store.complete(claimed.lease, with: .test())
        }
        return job.id
    }
}

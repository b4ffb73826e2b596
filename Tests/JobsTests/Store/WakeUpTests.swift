// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Jobs

/// Who is woken when work comes.
@Suite struct WakeUpTests {
    @Test func aFewOfManyThatWaitAreWokenForAJobAndAllWhoWaitForAllOfThem() {
        let waiters = ChangeWaiters()
        let many = (0..<1000).map { _ in waiters.changes(of: .work, for: .seconds(60), isOneOfMany: true) }
        let supervisor = waiters.changes(of: .work, for: .seconds(60), isOneOfMany: false)
        var woken = 0
        for _ in 0..<50 {
            woken += waiters.wake(WakeUpShare(jobs: 1, workers: many.count)) { $0 == .work }
        }
        withExtendedLifetime((many, supervisor)) {
            // 50 times the supervisor, and 200 times one of the many, give or take four times 14.
            #expect((50 + 144)...(50 + 256) ~= woken)
            #expect(waiters.wake(.none) { $0 == .work } == 1)
            #expect(waiters.wake { $0 == .work } == 1001)
        }
    }

    @Test(arguments: [(jobs: 1, workers: 0), (1, 1), (1, 4), (25, 100), (0x7fff_ffff, 5)])
    func fewWorkersAreAllWoken(jobs: Int, workers: Int) {
        #expect(WakeUpShare(jobs: jobs, workers: workers) == .all)
    }

    @Test func aShareIsReadAsItWasWritten() {
        let share = WakeUpShare(jobs: 1, workers: 10_000)
        #expect(WakeUpShare(share.description) == share)
        #expect(WakeUpShare("0.0") == .none)
    }

    @Test(arguments: ["", "everyone", "nan", "inf", "17"])
    func whatIsNoShareWakesEverybody(_ payload: String) {
        #expect(WakeUpShare(payload) == .all)
    }

    @Test func aLoneWorkerThatChancePassesOverFindsTheJobAnyway() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        // As if they had all died a moment ago.
        let now = test.clock.now.milliseconds
        try test.sql(
            "INSERT INTO worker (id, state, seen) SELECT 'w' || n, 'ready', \(now) FROM generate_series(1, 100000) AS n"
        )
        let store = test.store
        async let claimed = store.claim(by: WorkerID("lone"), upTo: 1, size: nil, waitingUpTo: .seconds(30))
        try await Task.sleep(for: .milliseconds(300))
        let job = try await store.accept(.test())
        #expect(try await claimed.map(\.lease.job) == [job.id])
    }
}

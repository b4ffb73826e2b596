// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

/// The way into the queue, on every kind of store.
@Suite struct SubmissionTests {
    @Test(arguments: StoreKind.allCases)
    func anAcceptedSubmissionIsAQueuedJobWhosePriceIsSetAside(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice, credits: "0.01")
        var submission = try Submission.test()
        submission.attachment = "what the gateway wants back"
        submission.trace = TraceContext(
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            tracestate: ["congo=t61rcWkgMzE"]
        )
        let job = try await test.store.accept(submission)
        #expect(job.id == submission.id)
        #expect(job.lifecycle.state == .queued)
        #expect(job.lifecycle.deadline == test.clock.now.advanced(by: test.policy.deadline))
        let found = try await test.store.found(job.id)
        #expect(found.attachment == "what the gateway wants back")
        #expect(found.trace != nil && found.trace == submission.trace)
        #expect(found.queuePosition == 0)
        #expect(try await test.store.request(of: job.id) == submission.request)
        let account = try #require(try await test.store.account(.alice))
        #expect(account.available == Credits(test: "0.007"))
        #expect(account.reserved == Credits(test: "0.003"))
        #expect(try await test.store.claim()?.trace == submission.trace)
        #expect(try await test.store.verifyLedger().problems.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func aJobIsItsOwnAccountsAffair(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        try await test.store.open(.bob)
        let job = try await test.store.accept(.test(by: .alice))
        #expect(try await test.store.job(job.id, of: .bob) == .unknown)
        #expect(try await test.store.cancel(job.id, of: .bob) == .unknown)
        #expect(try await test.store.found(job.id).lifecycle.state == .queued)
        #expect(try await test.store.jobs(of: .bob, after: nil, limit: 10).jobs.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func anAccountThatWasNeverOpenedIsAnError(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        await #expect(throws: StoreError.unknownAccount(.alice)) { try await test.store.submit(.test()) }
        await #expect(throws: StoreError.unknownAccount(.alice)) {
            try await test.store.grant(Credits(test: "1"), to: .alice)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func twentyIdenticalPostsAtOnceAreOneJob(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let stores = [test.store, try await test.another()]
        let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
            for index in 0..<20 {
                group.addTask {
                    switch try await stores[index % 2].submit(.test(idempotencyKey: "once")) {
                    case .accepted(let job, _): return job.id
                    case .repeated(.found(let job), let id) where job.id == id: return id
                    case let outcome: throw Unexpected(outcome: "\(outcome)")
                    }
                }
            }
            return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await test.store.statistics().queued == 1)
        #expect(try await test.store.available() == Credits(test: "0.997"))
    }

    @Test(arguments: StoreKind.allCases)
    func anIdempotencyKeyIsForOneBodyOfOneAccount(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        try await test.store.open(.bob)
        let job = try await test.store.accept(.test(idempotencyKey: "key"))
        #expect(try await test.store.submit(.test(idempotencyKey: "key", fingerprint: [9])) == .idempotencyMismatch)
        let other = try await test.store.accept(.test(by: .bob, idempotencyKey: "key", fingerprint: [9]))
        #expect(other.id != job.id)
    }

    @Test(arguments: StoreKind.allCases)
    func aRepetitionOfACompletedRequestGetsItsResultAndCostsNothing(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test(idempotencyKey: "key"))
        let claimed = try #require(try await test.store.claim())
        #expect(try await test.store.complete(claimed.lease, with: .test()) == .held)
        let completed = try await test.store.found(job.id)
        #expect(try await test.store.submit(.test(idempotencyKey: "key")) == .repeated(.found(completed), job.id))
        #expect(try await test.store.available() == Credits(test: "0.997"))
        test.clock.advance(by: test.policy.recordLifetime)
        _ = try await test.store.maintain()
        #expect(try await test.store.submit(.test(idempotencyKey: "key")) == .repeated(.expired, job.id))
    }

    @Test(arguments: StoreKind.allCases)
    func anAbandonedJobGoesOnIfItsRequestWasSentAgain(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let alone = try await test.store.accept(.test(idempotencyKey: "alone"))
        guard case .found(let abandoned) = try await test.store.abandon(alone.id, of: .alice) else {
            throw Unexpected(outcome: "not found")
        }
        #expect(abandoned.lifecycle.state == .ended(.cancelled))
        let wanted = try await test.store.accept(.test(idempotencyKey: "wanted"))
        // Another gateway's caller.
        guard case .repeated(.found, wanted.id) = try await test.another().submit(.test(idempotencyKey: "wanted"))
        else {
            throw Unexpected(outcome: "not repeated")
        }
        guard case .found(let kept) = try await test.store.abandon(wanted.id, of: .alice) else {
            throw Unexpected(outcome: "not found")
        }
        #expect(kept.lifecycle.state == .queued)
        #expect(try await test.store.abandon(wanted.id, of: .bob) == .unknown)
        guard case .found(let cancelled) = try await test.store.cancel(wanted.id, of: .alice) else {
            throw Unexpected(outcome: "not found")
        }
        #expect(cancelled.lifecycle.state == .ended(.cancelled))
        #expect(try await test.store.available() == Credits(test: "1"))
    }

    @Test(arguments: StoreKind.allCases)
    func aRequestThatEndedWithoutPicturesCanBeRepeated(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test(idempotencyKey: "key"))
        _ = try await test.store.cancel(job.id, of: .alice)
        let second = try await test.store.accept(.test(idempotencyKey: "key"))
        #expect(second.id != job.id)
        #expect(try await test.store.available() == Credits(test: "0.997"))
    }

    @Test(arguments: StoreKind.allCases)
    func aRefusalLeavesNoTrace(kind: StoreKind) async throws {
        var policy = StorePolicy()
        policy.maxQueued = 1
        let test = try await TestStore(kind, policy: policy)
        try await test.store.open(.alice, credits: "0.005")
        var settings = KeySettings()
        settings.rateLimit = RateLimit(requests: 2, per: .seconds(60))
        settings.spendLimit = SpendLimit(Credits(test: "0.004"), per: .total)
        let key = try await test.store.createKey(for: .alice, settings).key.id

        // Each for a reason of its own, with the same idempotency key.
        let spend = try await test.store.submit(.test(key: key, price: "0.0041", idempotencyKey: "key"))
        #expect(
            spend
                == .spendLimitReached(
                    try #require(settings.spendLimit),
                    spent: .zero,
                    required: Credits(test: "0.0041")
                )
        )
        let credits = try await test.store.submit(.test(price: "0.0051", idempotencyKey: "key"))
        #expect(credits == .insufficientCredits(required: Credits(test: "0.0051"), balance: Credits(test: "0.005")))
        let first = try await test.store.accept(.test(price: "0"))
        let full = try await test.store.submit(.test(key: key, idempotencyKey: "key"))
        #expect(full == .queueFull(retryAfter: .seconds(10)))
        _ = try await test.store.cancel(first.id, of: nil)

        let outcome = try await test.store.submit(.test(key: key, idempotencyKey: "key"))
        guard case .accepted(_, let rate) = outcome else { throw Unexpected(outcome: "\(outcome)") }
        #expect(rate == RateStatus(limit: 2, remaining: 1, reset: .seconds(30)))
        #expect(try await test.store.available() == Credits(test: "0.002"))
        #expect(try await test.store.verifyLedger().problems.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func aKeysRateIsRefilledEvenly(kind: StoreKind) async throws {
        var policy = StorePolicy()
        policy.defaultRateLimit = RateLimit(requests: 2, per: .seconds(60))
        let test = try await TestStore(kind, policy: policy)
        try await test.store.open(.alice)
        let key = try await test.store.createKey(for: .alice, KeySettings()).key.id
        for _ in 0..<2 { _ = try await test.store.accept(.test(key: key)) }
        let refusal = SubmissionOutcome.rateLimited(RateStatus(limit: 2, remaining: 0, reset: .seconds(30)))
        #expect(try await test.store.submit(.test(key: key)) == refusal)
        // Its account's other keys, and requests without one, have rates of their own.
        _ = try await test.store.accept(.test())
        test.clock.advance(by: .seconds(30))
        _ = try await test.store.accept(.test(key: key))
        #expect(try await test.store.submit(.test(key: key)) == refusal)
        test.clock.advance(by: .seconds(3600))
        for _ in 0..<2 { _ = try await test.store.accept(.test(key: key)) }
        #expect(try await test.store.submit(.test(key: key)) == refusal)
    }

    @Test(arguments: StoreKind.allCases)
    func aSpendLimitCountsWhatWasNotGivenBackAndBeginsAnewEachDay(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        var settings = KeySettings()
        let limit = SpendLimit(Credits(test: "0.006"), per: .day)
        settings.spendLimit = limit
        let key = try await test.store.createKey(for: .alice, settings).key.id
        let first = try await test.store.accept(.test(key: key))
        _ = try await test.store.accept(.test(key: key))
        let price = Credits(test: "0.003")
        let refusal = SubmissionOutcome.spendLimitReached(limit, spent: Credits(test: "0.006"), required: price)
        #expect(try await test.store.submit(.test(key: key)) == refusal)
        _ = try await test.store.cancel(first.id, of: .alice)
        _ = try await test.store.accept(.test(key: key))
        #expect(try await test.store.submit(.test(key: key)) == refusal)
        test.clock.advance(by: .seconds(24 * 3600))
        _ = try await test.store.accept(.test(key: key))
    }

    @Test(arguments: StoreKind.allCases)
    func aFullQueueSaysWhenAPlaceShouldBeFree(kind: StoreKind) async throws {
        var policy = StorePolicy()
        policy.maxQueued = 3
        policy.maxQueuedPerAccount = 2
        let test = try await TestStore(kind, policy: policy)
        try await test.store.open(.alice)
        try await test.store.open(.bob)
        // Three complete, one every four seconds.
        for _ in 0..<3 {
            _ = try await test.store.accept(.test())
            let claimed = try #require(try await test.store.claim())
            test.clock.advance(by: .seconds(4))
            _ = try await test.store.complete(claimed.lease, with: .test())
        }
        test.clock.advance(by: .seconds(4))
        for _ in 0..<2 { _ = try await test.store.accept(.test(by: .alice)) }
        #expect(try await test.store.submit(.test(by: .alice)) == .queueFull(retryAfter: .seconds(4)))
        // One account does not take everybody's places.
        _ = try await test.store.accept(.test(by: .bob))
        #expect(try await test.store.submit(.test(by: .bob)) == .queueFull(retryAfter: .seconds(4)))
    }

    @Test(arguments: StoreKind.allCases)
    func jobsThatCostNothingNeedNoCredits(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        _ = try await test.store.openAccount(.anonymous)
        let job = try await test.store.accept(.test(by: .anonymous, price: "0"))
        let claimed = try #require(try await test.store.claim())
        _ = try await test.store.complete(claimed.lease, with: .test())
        #expect(try await test.store.found(job.id).lifecycle.state == .ended(.completed))
        #expect(try await test.store.verifyLedger().problems.isEmpty)
    }
}

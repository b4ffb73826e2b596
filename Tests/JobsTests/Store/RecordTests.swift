// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

/// How long things are remembered, and how they are listed, on every kind of store.
@Suite struct RecordTests {
    @Test(arguments: StoreKind.allCases)
    func aRecordExpiresBeforeItsPicturesAndIsForgottenWithThem(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let claimed = try #require(try await test.store.claim())
        _ = try await test.store.complete(claimed.lease, with: .test())
        let image = try #require(try await test.store.found(job.id).result?.images.first?.id)

        test.clock.advance(by: test.policy.recordLifetime)
        // It is the time that counts, not when the records are swept.
        for _ in 0..<2 {
            #expect(try await test.store.job(job.id, of: .alice) == .expired)
            #expect(try await test.store.job(job.id, of: .bob) == .unknown)
            #expect(try await test.store.request(of: job.id) == nil)
            #expect(try await test.store.jobs(of: .alice, after: nil, limit: 10).jobs.isEmpty)
            #expect(try await test.store.cancel(job.id, of: .alice) == .expired)
            #expect(try await test.store.image(image) != nil)
            _ = try await test.store.maintain()
        }
        #expect(try await test.store.events(of: job.id, after: nil, waitingUpTo: .zero).isEmpty)

        test.clock.advance(by: test.policy.imageLifetime)
        #expect(try await test.store.image(image) == nil)
        #expect(try await test.store.maintain().deleted == 1)
        #expect(try await test.store.job(job.id, of: .alice) == .unknown)
        #expect(try await test.store.image(image) == nil)
        // The books are kept.
        let ledger = try await test.store.verifyLedger()
        #expect(ledger.balances[.revenue] == Credits(test: "0.003"))
        #expect(ledger.problems.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func historyComesInPagesTheNewestFirst(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        try await test.store.open(.bob)
        var submitted: [JobID] = []
        for _ in 0..<7 {
            submitted.append(try await test.store.accept(.test(by: .alice)).id)
            _ = try await test.store.accept(.test(by: .bob))
        }
        var listed: [JobID] = []
        var cursor: JobPage.Cursor?
        repeat {
            let page = try await test.store.jobs(of: .alice, after: cursor, limit: 3)
            listed += page.jobs.map(\.id)
            cursor = page.next.flatMap { JobPage.Cursor($0.description) }
        } while cursor != nil
        #expect(listed == submitted.reversed())
        #expect(try await test.store.jobs(of: nil, after: nil, limit: 100).jobs.count == 14)
    }

    @Test(arguments: StoreKind.allCases)
    func webhooksAreSentUntilTheyArriveOrAreGivenUp(kind: StoreKind) async throws {
        var policy = StorePolicy()
        policy.webhookBackoff = [.seconds(5), .seconds(30)]
        policy.recordLifetime = .seconds(10)
        policy.imageLifetime = .seconds(20)
        let test = try await TestStore(kind, policy: policy)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test(webhook: "https://example.com/hook"))
        #expect(try await test.store.claimDeliveries(upTo: 10, hold: .seconds(60)).isEmpty)
        _ = try await test.store.cancel(job.id, of: nil)

        let delivery = try #require(try await test.store.claimDeliveries(upTo: 10, hold: .seconds(60)).first)
        #expect((delivery.job, delivery.account) == (job.id, .alice))
        #expect(delivery.url == "https://example.com/hook")
        // Held by whoever claimed it, until that one must be dead.
        #expect(try await test.store.claimDeliveries(upTo: 10, hold: .seconds(60)).isEmpty)
        test.clock.advance(by: .seconds(60))
        #expect(try await test.store.claimDeliveries(upTo: 10, hold: .seconds(60)).count == 1)

        let refused = WebhookDelivery.Attempt(time: test.clock.now, status: 503, isDelivered: false)
        try await test.store.recordAttempt(refused, of: delivery.id)
        #expect(try await test.store.claimDeliveries(upTo: 10, hold: .seconds(60)).isEmpty)
        test.clock.advance(by: .seconds(5))
        #expect(try await test.store.claimDeliveries(upTo: 10, hold: .seconds(60)).count == 1)
        // The record outlives its time while somebody is still to be told.
        _ = try await test.store.maintain()
        #expect(try await test.store.deliveries(of: job.id).first?.attempts == [refused])
        let told = try #require(try await test.store.subject(of: delivery))
        #expect((told.job.id, told.request) == (job.id, try .test()))

        let unreachable = WebhookDelivery.Attempt(time: test.clock.now, error: "timeout", isDelivered: false)
        try await test.store.recordAttempt(unreachable, of: delivery.id)
        try await test.store.recordAttempt(unreachable, of: delivery.id)
        let abandoned = try #require(try await test.store.deliveries(of: job.id).first)
        #expect(abandoned.state == .abandoned)
        #expect(abandoned.attempts == [refused, unreachable, unreachable])
        #expect(try await test.store.maintain().deleted > 0)
        #expect(try await test.store.job(job.id, of: .alice) == .unknown)
    }

    @Test(arguments: StoreKind.allCases)
    func theWebhooksOfOneAccountLeaveRoomForThoseOfOthers(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        for account in [AccountID.alice, .bob] {
            try await test.store.open(account)
            for _ in 0..<(account == .alice ? 9 : 1) {
                let job = try await test.store.accept(.test(by: account, webhook: "https://example.com/hook"))
                _ = try await test.store.cancel(job.id, of: nil)
            }
            test.clock.advance(by: .seconds(1))
        }
        let claim = { (busy: Set<AccountID>) in
            try await test.store.claimDeliveries(upTo: 8, ofEachAccount: 2, except: busy, hold: .seconds(60)).map(
                \.account
            )
        }
        #expect(try await claim([]) == [.alice, .alice, .bob])
        #expect(try await claim([.alice, .bob]).isEmpty)
        #expect(try await claim([.bob]) == [.alice, .alice])
    }

    @Test(arguments: StoreKind.allCases)
    func unfinishedJobsBeginWithThoseThatAreCarriedOut(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        var jobs: [JobID] = []
        for _ in 0..<4 { jobs.append(try await test.store.accept(.test()).id) }
        _ = try await test.store.cancel(jobs[1], of: nil)
        _ = try await test.store.cancel(jobs[0], of: nil)
        let claimed = try #require(try await test.store.claim())
        let rest = jobs.dropFirst(2).filter { $0 != claimed.lease.job }
        jobs.append(try await test.store.accept(.test()).id)
        let unfinished = try await test.store.unfinishedJobs(of: .alice).map(\.id)
        #expect(unfinished == [claimed.lease.job] + rest + [jobs[4]])
        #expect(try await test.store.unfinishedJobs(of: .bob).isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func aDeliveredWebhookIsNotSentAgain(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test(webhook: "https://example.com/hook"))
        let claimed = try #require(try await test.store.claim())
        _ = try await test.store.complete(claimed.lease, with: .test())
        let delivery = try #require(try await test.store.claimDeliveries(upTo: 1, hold: .seconds(1)).first)
        let arrived = WebhookDelivery.Attempt(time: test.clock.now, status: 200, isDelivered: true)
        try await test.store.recordAttempt(arrived, of: delivery.id)
        test.clock.advance(by: .seconds(3000))
        #expect(try await test.store.claimDeliveries(upTo: 1, hold: .seconds(1)).isEmpty)
        #expect(try await test.store.deliveries(of: job.id).first?.state == .delivered)
    }
}

// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Testing

/// Jobs on their way through workers, on every kind of store.
@Suite struct WorkTests {
    @Test(arguments: StoreKind.allCases)
    func aCompletedJobHasItsPicturesAndIsPaidFor(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let submission = try Submission.test(seed: 42)
        let job = try await test.store.accept(submission)
        test.clock.advance(by: .seconds(3))
        let claimed = try #require(try await test.store.claim())
        #expect(claimed.request == submission.request)
        #expect(claimed.lease.job == job.id)
        #expect(claimed.failures == 0)
        test.clock.advance(by: .seconds(2))
        #expect(try await test.store.complete(claimed.lease, with: .test()) == .held)

        let done = try await test.store.found(job.id)
        #expect(done.lifecycle.state == .ended(.completed))
        #expect(done.started == test.clock.now.advanced(by: .seconds(-2)))
        #expect(done.ended == test.clock.now)
        let result = try #require(done.result)
        #expect(result.warnings == ["a warning"])
        #expect(result.timings == GenerationTimings(queue: .seconds(3), inference: .seconds(2)))
        let image = try #require(result.images.first)
        #expect(image.byteCount == 1)
        #expect(try await test.store.image(image.id) == StoredImage(bytes: [7], format: .png))

        let account = try #require(try await test.store.account(.alice))
        #expect((account.available, account.reserved) == (Credits(test: "0.997"), .zero))
        let ledger = try await test.store.verifyLedger()
        #expect(ledger.balances[.revenue] == Credits(test: "0.003"))
        #expect(ledger.problems.isEmpty)
        #expect(try await test.store.history(of: job.id) == [.queued, .started, .ended(.completed)])
    }

    @Test(arguments: StoreKind.allCases)
    func aJobIsCompletedOnce(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let claimed = try #require(try await test.store.claim())
        #expect(try await test.store.complete(claimed.lease, with: .test(byte: 1)) == .held)
        #expect(try await test.store.complete(claimed.lease, with: .test(byte: 2)) == .lost)
        let image = try #require(try await test.store.found(job.id).result?.images.first)
        #expect(try await test.store.image(image.id)?.bytes == [1])
        #expect(try await test.store.available() == Credits(test: "0.997"))
    }

    @Test(arguments: StoreKind.allCases)
    func accountsTakeTurnsAndEachIsServedInOrder(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        try await test.store.open(.bob)
        var submitted: [JobID] = []
        for seed in 0..<5 { submitted.append(try await test.store.accept(.test(by: .alice, seed: Int64(seed))).id) }
        for seed in 5..<7 { submitted.append(try await test.store.accept(.test(by: .bob, seed: Int64(seed))).id) }
        let expected = [0, 5, 1, 6, 2, 3, 4].map { submitted[$0] }

        // What is foretold is what comes.
        for (position, id) in expected.enumerated() {
            #expect(try await test.store.found(id).queuePosition == position)
        }
        var order = try await test.store.claim(by: WorkerID(), upTo: 3, size: nil, waitingUpTo: .zero).map(\.lease.job)
        // The turn outlives the process that gave the last one.
        let other = try await test.another()
        while let claimed = try await other.claim() { order.append(claimed.lease.job) }
        #expect(order == expected)
    }

    @Test(arguments: StoreKind.allCases)
    func aThousandJobsOfOneAccountDoNotDelayAnothersFirst(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice, credits: "10")
        try await test.store.open(.bob)
        for _ in 0..<200 { _ = try await test.store.accept(.test(by: .alice)) }
        _ = try await test.store.claim()
        let job = try await test.store.accept(.test(by: .bob))
        #expect(try await test.store.claim()?.lease.job == job.id)
    }

    @Test(arguments: StoreKind.allCases)
    func aBatchIsOfOneSize(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        var jobs: [JobID] = []
        for width in [512, 512, 768, 512] { jobs.append(try await test.store.accept(.test(width: width)).id) }
        let worker = WorkerID()
        let first = try await test.store.claim(by: worker, upTo: 8, size: nil, waitingUpTo: .zero)
        #expect(first.map(\.lease.job) == [jobs[0], jobs[1], jobs[3]])
        let wide = PictureSize(width: 768, height: 512)
        let second = try await test.store.claim(by: worker, upTo: 8, size: wide, waitingUpTo: .zero)
        #expect(second.map(\.lease.job) == [jobs[2]])
    }

    @Test(arguments: StoreKind.allCases)
    func aBatchIsNotFilledUpForeverWhileAnotherSizeWaits(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let wide = try await test.store.accept(.test(width: 768))
        let size = PictureSize(width: 512, height: 512)
        let worker = WorkerID()
        _ = try await test.store.accept(.test())
        #expect(try await test.store.claim(by: worker, upTo: 1, size: size, waitingUpTo: .zero).count == 1)
        _ = try await test.store.accept(.test())
        test.clock.advance(by: test.policy.sizePatience)
        #expect(try await test.store.claim(by: worker, upTo: 1, size: size, waitingUpTo: .zero).isEmpty)
        #expect(try await test.store.claim()?.lease.job == wide.id)
        #expect(try await test.store.claim(by: worker, upTo: 1, size: size, waitingUpTo: .zero).count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func noJobIsHandedOutTwice(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        for _ in 0..<30 { _ = try await test.store.accept(.test()) }
        let stores = [test.store, try await test.another(), try await test.another()]
        let jobs = try await withThrowingTaskGroup(of: [JobID].self) { group in
            for store in stores {
                group.addTask {
                    var jobs: [JobID] = []
                    while case let claimed = try await store.claim(
                        by: WorkerID(),
                        upTo: 2,
                        size: nil,
                        waitingUpTo: .zero
                    ), !claimed.isEmpty {
                        jobs += claimed.map(\.lease.job)
                    }
                    return jobs
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(jobs.count == 30)
        #expect(Set(jobs).count == 30)
    }

    @Test(arguments: StoreKind.allCases)
    func aWorkerWithoutASignOfLifeLosesItsJobAndItsSay(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let lost = try #require(try await test.store.claim(by: WorkerID("dead"))).lease
        test.clock.advance(by: test.policy.leaseDuration)
        #expect(try await test.store.maintain().requeued == 1)
        let claimed = try #require(try await test.store.claim(by: WorkerID("alive")))
        #expect(claimed.lease.job == job.id)
        #expect(claimed.failures == 1)

        let failure = JobFailure(.internal, "no")
        #expect(try await test.store.heartbeat([Heartbeat(lease: lost)]) == [lost])
        #expect(try await test.store.complete(lost, with: .test()) == .lost)
        #expect(try await test.store.fail(lost, failure, isRetryable: false) == .lost)
        #expect(try await test.store.release(lost) == .lost)
        #expect(try await test.store.complete(claimed.lease, with: .test()) == .held)
        #expect(
            try await test.store.history(of: job.id) == [.queued, .started, .queued, .started, .ended(.completed)]
        )
    }

    @Test(arguments: StoreKind.allCases)
    func heartbeatsKeepALease(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        _ = try await test.store.accept(.test())
        let lease = try #require(try await test.store.claim()).lease
        for _ in 0..<10 {
            test.clock.advance(by: test.policy.leaseDuration * 2 / 3)
            #expect(try await test.store.heartbeat([Heartbeat(lease: lease)]).isEmpty)
            #expect(try await test.store.maintain() == MaintenanceReport())
        }
        #expect(try await test.store.complete(lease, with: .test()) == .held)
    }

    @Test(arguments: StoreKind.allCases)
    func retriesAreLimitedAndTheirEndIsRefunded(kind: StoreKind) async throws {
        var policy = StorePolicy()
        policy.retryLimit = 2
        let test = try await TestStore(kind, policy: policy)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        for attempt in 0..<3 {
            let worker = WorkerID()
            #expect(try await test.store.claim(by: worker)?.failures == attempt)
            #expect(try await test.store.bury(worker) == 1)
        }
        guard case .ended(.failed(let failure)) = try await test.store.found(job.id).lifecycle.state else {
            throw Unexpected(outcome: "not failed")
        }
        #expect(failure.code == .workerFailed)
        #expect(try await test.store.claim() == nil)
        #expect(try await test.store.available() == Credits(test: "1"))
        #expect(try await test.store.verifyLedger().problems.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func aFailureEndsAJobUnlessAnotherTryMayHelp(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let failure = JobFailure(.invalidOutput, "all black")
        let first = try #require(try await test.store.claim())
        #expect(try await test.store.fail(first.lease, failure, isRetryable: true) == .held)
        #expect(try await test.store.found(job.id).lifecycle.state == .queued)
        let second = try #require(try await test.store.claim())
        #expect(try await test.store.fail(second.lease, failure, isRetryable: false) == .held)
        #expect(try await test.store.found(job.id).lifecycle.state == .ended(.failed(failure)))
        #expect(try await test.store.available() == Credits(test: "1"))
    }

    @Test(arguments: StoreKind.allCases)
    func aReleasedJobWaitsAgainInItsOldPlaceAndLosesNoRetry(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let first = try await test.store.accept(.test())
        _ = try await test.store.accept(.test())
        for _ in 0..<10 {
            let claimed = try #require(try await test.store.claim())
            #expect(claimed.lease.job == first.id)
            #expect(claimed.failures == 0)
            #expect(try await test.store.release(claimed.lease) == .held)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aJobIsGivenUpAtItsDeadlineWhereverItIs(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let running = try await test.store.accept(.test())
        let lease = try #require(try await test.store.claim()).lease
        let waiting = try await test.store.accept(.test())
        test.clock.advance(by: test.policy.deadline)
        // A worker that comes first does not get it either.
        #expect(try await test.store.claim() == nil)
        #expect(try await test.store.maintain().expired == 1)
        for id in [running.id, waiting.id] {
            #expect(try await test.store.found(id).lifecycle.state == .ended(.expired))
            #expect(try await test.store.history(of: id).last == .ended(.expired))
        }
        #expect(try await test.store.heartbeat([Heartbeat(lease: lease)]) == [lease])
        #expect(try await test.store.available() == Credits(test: "1"))
    }

    @Test(arguments: StoreKind.allCases)
    func cancellingRefundsAtEveryStageAndOnce(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let waiting = try await test.store.accept(.test())
        _ = try await test.store.cancel(waiting.id, of: .alice)
        let running = try await test.store.accept(.test())
        let lease = try #require(try await test.store.claim()).lease
        guard case .found(let cancelled) = try await test.store.cancel(running.id, of: .alice) else {
            throw Unexpected(outcome: "not found")
        }
        #expect(cancelled.lifecycle.state == .ended(.cancelled))
        #expect(try await test.store.heartbeat([Heartbeat(lease: lease)]) == [lease])
        #expect(try await test.store.complete(lease, with: .test()) == .lost)
        #expect(try await test.store.cancel(running.id, of: .alice) == .found(cancelled))
        #expect(try await test.store.available() == Credits(test: "1"))

        let done = try await test.store.accept(.test())
        let claimed = try #require(try await test.store.claim())
        _ = try await test.store.complete(claimed.lease, with: .test())
        _ = try await test.store.cancel(done.id, of: .alice)
        #expect(try await test.store.found(done.id).lifecycle.state == .ended(.completed))
        #expect(try await test.store.available() == Credits(test: "0.997"))
        #expect(try await test.store.verifyLedger().problems.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func aWorkerThatWaitsGetsAJobFromAnotherProcess(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let other = try await test.another()
        async let claimed = other.claim(by: WorkerID(), upTo: 1, size: nil, waitingUpTo: .seconds(60))
        let job = try await test.store.accept(.test())
        #expect(try await claimed.first?.lease.job == job.id)
        #expect(try await other.claim(by: WorkerID(), upTo: 1, size: nil, waitingUpTo: .milliseconds(30)).isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func whoeverStartsWorkersIsToldOfWorkWithoutTakingIt(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        #expect(try await !test.store.hasWork(waitingUpTo: .milliseconds(30)))
        async let isThereWork = test.another().hasWork(waitingUpTo: .seconds(60))
        let job = try await test.store.accept(.test())
        #expect(try await isThereWork)
        #expect(try await test.store.claim()?.lease.job == job.id)
        #expect(try await !test.store.hasWork(waitingUpTo: .zero))
    }

    @Test(arguments: StoreKind.allCases)
    func workersAreCountedByWhatTheySayWhileTheyLive(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        try await test.store.announce(WorkerID("a"), .starting)
        try await test.store.announce(WorkerID("b"), .ready)
        try await test.store.announce(WorkerID("a"), .ready)
        #expect(try await test.store.statistics().workers == [.ready: 2])
        try await test.store.announce(WorkerID("b"), nil)
        _ = try await test.store.accept(.test())
        test.clock.advance(by: .seconds(5))
        _ = try await test.store.accept(.test())
        _ = try await test.store.claim()
        var expected = QueueStatistics()
        expected.queued = 1
        expected.leased = 1
        expected.oldestAge = .zero
        expected.workers = [.ready: 1]
        #expect(try await test.store.statistics() == expected)
        test.clock.advance(by: test.policy.leaseDuration)
        #expect(try await test.store.statistics().workers.isEmpty)
    }
}

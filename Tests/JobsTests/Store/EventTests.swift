// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Testing

/// What is told of jobs while they run and after, on every kind of store.
@Suite struct EventTests {
    @Test(arguments: StoreKind.allCases)
    func eventsCanBeFollowedFromAnywhere(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let lease = try #require(try await test.store.claim()).lease
        let preview = StoredImage(bytes: [1, 2], format: .jpeg)
        let progress = JobProgress(GenerationProgress(sample: 0, step: 3, steps: 25), preview: preview)
        _ = try await test.store.heartbeat([Heartbeat(lease: lease, progress: progress)])
        let events = try await test.store.events(of: job.id, after: nil, waitingUpTo: .zero)
        #expect(events.map(\.kind) == [.queued, .started, .progress(progress)])
        #expect(events.map(\.id) == events.map(\.id).sorted())
        #expect(try await test.store.found(job.id).progress == progress.progress)
        let rest = try await test.store.events(of: job.id, after: events[0].id, waitingUpTo: .zero)
        #expect(rest == Array(events.dropFirst()))
    }

    @Test(arguments: StoreKind.allCases)
    func onlyTheNewestProgressIsKeptAndNoneAfterTheEnd(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let lease = try #require(try await test.store.claim()).lease
        for step in 1...100 {
            let progress = JobProgress(GenerationProgress(sample: 0, step: step, steps: 100))
            _ = try await test.store.heartbeat([Heartbeat(lease: lease, progress: progress)])
        }
        let history = try await test.store.history(of: job.id)
        #expect(history.count < 25)
        #expect(history.prefix(2) == [.queued, .started])
        #expect(history.last == .progress(JobProgress(GenerationProgress(sample: 0, step: 100, steps: 100))))
        _ = try await test.store.complete(lease, with: .test())
        #expect(try await test.store.history(of: job.id) == [.queued, .started, .ended(.completed)])
        #expect(try await test.store.found(job.id).progress == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func whoeverWaitsIsWokenByAnotherProcess(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let queued = try #require(try await test.store.events(of: job.id, after: nil, waitingUpTo: .zero).last)
        let other = try await test.another()
        async let next = test.store.events(of: job.id, after: queued.id, waitingUpTo: .seconds(60))
        _ = try await other.claim()
        #expect(try await next.map(\.kind) == [.started])
    }

    @Test(arguments: StoreKind.allCases)
    func manyWaitForTheirOwnJobs(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let store = test.store
        try await withThrowingTaskGroup(of: JobEvent.Kind?.self) { group in
            for seed in 0..<50 {
                group.addTask {
                    let job = try await store.accept(.test(seed: Int64(seed)))
                    var last: JobEvent?
                    while true {
                        let events = try await store.events(of: job.id, after: last?.id, waitingUpTo: .seconds(60))
                        last = events.last ?? last
                        if case .ended = last?.kind { return last?.kind }
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 {
                    let claimed = try await store.claim(by: WorkerID(), upTo: 1, size: nil, waitingUpTo: .seconds(60))
                    for job in claimed { _ = try await store.complete(job.lease, with: .test()) }
                }
                return nil
            }
            let ends = try await group.compactMap { $0 }.reduce(into: []) { $0.append($1) }
            #expect(ends == Array(repeating: .ended(.completed), count: 50))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func waitingEndsWithItsPatienceItsTaskOrTheJob(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let last = try await test.store.events(of: job.id, after: nil, waitingUpTo: .zero).last?.id
        #expect(try await test.store.events(of: job.id, after: last, waitingUpTo: .milliseconds(30)).isEmpty)
        let store = test.store
        let task = Task { try await store.events(of: job.id, after: last, waitingUpTo: .seconds(600)) }
        task.cancel()
        #expect(try await task.value.isEmpty)
        _ = try await test.store.cancel(job.id, of: nil)
        let end = try await test.store.events(of: job.id, after: last, waitingUpTo: .seconds(600)).last?.id
        #expect(try await test.store.events(of: job.id, after: end, waitingUpTo: .seconds(600)).isEmpty)
        #expect(try await test.store.events(of: JobID(), after: nil, waitingUpTo: .seconds(600)).isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func aTaskThatWasCancelledStillCancelsItsJob(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let store = test.store
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.cancel(job.id, of: .alice)
        }
        task.cancel()
        _ = try await task.value
        #expect(try await test.store.found(job.id).lifecycle.state == .ended(.cancelled))
    }
}

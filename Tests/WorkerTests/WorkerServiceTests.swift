// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Jobs
@testable import Worker

/// A worker on a store of its own, in this process.
@Suite(.timeLimit(.minutes(5))) struct WorkerServiceTests {
    @Test func everyJobIsCompletedWithTheBytesItHasAlone() async throws {
        let service = try await TestService()
        let requests = try (0..<6).map { index in
            try GenerationRequest.tiny {
                $0.prompt = "job \(index % 3)"
                $0.steps = 2 + index
                $0.samples = 1 + index % 2
                $0.outputFormat = "png"
            }
        }
        var jobs: [JobID] = []
        for request in requests { jobs.append(try await service.submit(request)) }
        try await service.worker(idleTimeout: .milliseconds(300)).run()

        let engine = try TinyModel.engine(threads: 1)
        for (job, request) in zip(jobs, requests) {
            let record = try await service.job(job)
            #expect(record.lifecycle.state == .ended(.completed))
            let expected = try engine.run(request).images.map(\.bytes)
            var made: [[UInt8]] = []
            for image in try #require(record.result).images {
                made.append(try #require(try await service.store.image(image.id)).bytes)
            }
            #expect(made == expected)
        }
        #expect(try await service.store.verifyLedger().problems.isEmpty)
        #expect(try await service.store.statistics().workers.isEmpty, "it said good-bye")
    }

    @Test func jobsOfAnotherSizeFollow() async throws {
        let service = try await TestService()
        var jobs: [JobID] = []
        for side in [64, 32, 64, 48] {
            jobs.append(
                try await service.submit(
                    .tiny {
                        $0.width = side
                        $0.height = side
                    }
                )
            )
        }
        try await service.worker(idleTimeout: .milliseconds(300)).run()
        for job in jobs {
            #expect(try await service.job(job).lifecycle.state == .ended(.completed))
        }
    }

    @Test func aCancelledJobMakesRoomForTheNext() async throws {
        let service = try await TestService()
        let long = try await service.submit(
            .tiny {
                $0.steps = 900
                $0.samples = 10
            }
        )
        let running = Task { try await service.worker(idleTimeout: .milliseconds(300)).run() }
        try await service.waitUntil(long) { $0.progress != nil }
        _ = try await service.store.cancel(long, of: nil)
        let next = try await service.submit(.tiny { $0.width = 32 })
        // The next job has another size, so it begins only once the cancelled one has left.
        try await service.waitUntil(next) { $0.lifecycle.isEnded }
        try await running.value
        #expect(try await service.job(long).lifecycle.state == .ended(.cancelled))
        #expect(try await service.job(next).lifecycle.state == .ended(.completed))
        #expect(try await service.store.account(.default)?.reserved == .zero)
    }

    @Test func aRequestThatCannotRunFailsAndIsRefunded() async throws {
        let service = try await TestService()
        let job = try await service.submit(.tiny { $0.steps = 1500 })
        try await service.worker(idleTimeout: .milliseconds(300)).run()
        guard case .ended(.failed(let failure)) = try await service.job(job).lifecycle.state else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.code == .invalidParameter)
        #expect(try await service.store.account(.default)?.available == TestService.balance)
    }

    @Test func aWorkerThatIsToldToStopGivesBackWhatItCannotFinish() async throws {
        let service = try await TestService()
        let job = try await service.submit(
            .tiny {
                $0.steps = 900
                $0.samples = 10
            }
        )
        try await service.stopWorker(drainTimeout: .milliseconds(50)) {
            try await service.waitUntil(job) { $0.progress != nil }
        }
        let record = try await service.job(job)
        #expect(record.lifecycle.state == .queued)
        #expect(record.lifecycle.failureCount == 0, "it costs no retry")
    }

    @Test func aWorkerThatIsToldToStopGivesBackItsJobsDuringALongEvaluation() async throws {
        let service = try await TestService()
        let job = try await service.submit(
            .tiny {
                ($0.width, $0.height) = (512, 512)
                $0.samples = 4
            }
        )
        let worker = try service.worker(drainTimeout: .milliseconds(10))
        let group = ServiceGroup(configuration: .init(services: [worker], logger: Logger(label: "test")))
        let isRunning = Mutex(true)
        async let running: Void = {
            try await group.run()
            isRunning.withLock { $0 = false }
        }()
        try await service.waitUntil(job) { $0.progress != nil }
        await group.triggerGracefulShutdown()
        try await service.waitUntil(job) { $0.lifecycle.state == .queued }
        #expect(isRunning.withLock { $0 }, "it computes on")
        #expect(try await service.job(job).lifecycle.failureCount == 0, "it costs no retry")
        try await running
        #expect(try await service.job(job).lifecycle.state == .queued)
    }

    @Test func aWorkerWhoseTaskIsCancelledGivesBackItsJobs() async throws {
        let service = try await TestService()
        let job = try await service.submit(
            .tiny {
                $0.steps = 900
                $0.samples = 10
            }
        )
        let running = Task { try await service.worker().run() }
        try await service.waitUntil(job) { $0.progress != nil }
        running.cancel()
        try await running.value
        #expect(try await service.job(job).lifecycle.state == .queued)
    }

    @Test func aWorkerWhoseStoreIsDamagedGivesBackItsJobs() async throws {
        let service = try await TestService()
        let job = try await service.submit(.tiny { $0.steps = 1 })
        let store = try #require(service.store as? any SQLStore)
        try await store.write { try $0.run("ALTER TABLE image RENAME TO lost") }
        await #expect(throws: StoreError.self) { try await service.worker(idleTimeout: .milliseconds(300)).run() }
        #expect(try await service.job(job).lifecycle.state == .queued)
    }

    @Test func aWorkerThatWaitsIsSaidToBeReadySoonAfterItsJob() async throws {
        let service = try await TestService()
        let job = try await service.submit(.tiny { $0.steps = 20 })
        let running = Task { try await service.worker().run() }
        try await service.waitUntil(job) { $0.lifecycle.isEnded }
        // Well before it would look for a job by itself.
        let deadline = ContinuousClock.now + .seconds(4)
        var workers = try await service.store.statistics().workers
        while workers != [.ready: 1], .now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            workers = try await service.store.statistics().workers
        }
        #expect(workers == [.ready: 1])
        running.cancel()
        try await running.value
    }

    @Test func aWorkerThatIsToldToStopFinishesWhatItCanAndTakesNoMore() async throws {
        let service = try await TestService()
        let job = try await service.submit(.tiny { $0.steps = 200 })
        let later = try await service.stopWorker(drainTimeout: .seconds(600)) {
            try await service.waitUntil(job) { $0.progress != nil }
            return try await service.submit(.tiny { $0.width = 32 })
        }
        #expect(try await service.job(job).lifecycle.state == .ended(.completed))
        #expect(try await service.job(later).lifecycle.state == .queued)
    }
}

/// A store in a directory of its own, with an account that has credits.
private final class TestService: Sendable {
    static let balance = Credits(microcredits: 100_000_000)

    let store: any Store
    private let directory: URL

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "darkroom-worker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // No worker is taken for lost because the machine is busy with other tests.
        var policy = StorePolicy()
        policy.leaseDuration = .seconds(3600)
        store = try await SQLiteStore(path: directory.appending(path: "store.db").path, policy: policy)
        _ = try await store.openAccount(.default)
        _ = try await store.grant(Self.balance, to: .default)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func worker(idleTimeout: Duration? = nil, drainTimeout: Duration = .seconds(30)) throws -> WorkerService {
        var settings = WorkerSettings(id: WorkerID(), rowLimit: RowLimit(most: 8, budget: 1 << 30))
        settings.idleTimeout = idleTimeout
        settings.drainTimeout = drainTimeout
        return WorkerService(
            settings: settings,
            store: store,
            engine: try TinyModel.engine(),
            started: ProcessStart(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs a worker, does `body`, tells the worker to stop and waits for it.
    func stopWorker<Value: Sendable>(
        drainTimeout: Duration,
        when body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let group = ServiceGroup(
            configuration: .init(services: [try worker(drainTimeout: drainTimeout)], logger: Logger(label: "test"))
        )
        async let running: Void = group.run()
        let value = try await body()
        await group.triggerGracefulShutdown()
        try await running
        return value
    }

    func submit(_ request: GenerationRequest) async throws -> JobID {
        let submission = Submission(
            account: .default,
            key: nil,
            endpoint: "sd2.1-txt2img",
            request: request,
            price: PriceTable.standard.price(of: request)
        )
        guard case .accepted(let job, _) = try await store.submit(submission) else { throw CancellationError() }
        return job.id
    }

    func job(_ id: JobID) async throws -> Job {
        guard case .found(let job) = try await store.job(id, of: nil) else { throw CancellationError() }
        return job
    }

    /// Waits until the job is as wanted; fails if it ends otherwise.
    func waitUntil(_ id: JobID, _ isWanted: (Job) -> Bool) async throws {
        while case let job = try await job(id), !isWanted(job) {
            try #require(!job.lifecycle.isEnded)
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

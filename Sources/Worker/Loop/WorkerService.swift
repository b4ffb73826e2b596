// SPDX-License-Identifier: Apache-2.0

package import Jobs
package import Logging
import Metrics
import ServiceLifecycle
import StableDiffusion

/// A worker: takes jobs from the store, makes their pictures together, gives them back.
///
/// Each round of ``run()`` is `schedule -> evaluate -> update`: jobs join and leave, one turn is computed, and the store
/// hears of it. When told to stop, it takes no more jobs, goes on with those it has for as long as it may, and gives back
/// the others.
package final class WorkerService: Service {
    let settings: WorkerSettings
    let store: any WorkStore
    let engine: PictureEngine
    let thread = EngineThread()
    let logger: Logger
    private let started: ProcessStart

    /// How long to wait before asking a store again that could not answer.
    static let storePatience = Duration.milliseconds(500)

    package init(
        settings: WorkerSettings,
        store: any WorkStore,
        engine: PictureEngine,
        started: ProcessStart,
        logger: Logger
    ) {
        self.settings = settings
        self.store = store
        self.engine = engine
        self.started = started
        self.logger = logger
    }

    /// Works until it is told to stop or has nothing to do for too long.
    ///
    /// When its task is cancelled, it gives its jobs back after the turn that is being computed, and so it does at an error.
    ///
    /// - Throws: a ``StoreError`` that waiting does not mend.
    package func run() async throws {
        var round = Round(settings: settings)
        logger.info("Worker is ready", metadata: ["milliseconds": "\(started.elapsed.wholeMilliseconds)"])
        do {
            try await work(&round)
        } catch {
            await leave(&round)
            throw error
        }
        await leave(&round)
    }

    private func work(_ round: inout Round) async throws {
        while !Task.isCancelled, !round.isOver(at: .now, isStopping: Task.isShuttingDownGracefully) {
            // 1. Schedule
            try await join(&round)
            await announce(&round)
            guard let turn = round.schedule() else {
                try await report(&round)
                continue
            }

            // 2. Evaluate
            let result = await evaluate(turn, of: &round)

            // 3. Update
            round.update(result, at: .now)
            try await report(&round)
            await beat(&round)
        }
    }

    /// Lets jobs join as long as there is room; waits for one while there is none.
    private func join(_ round: inout Round) async throws {
        guard !Task.isShuttingDownGracefully else { return }
        while round.hasRoom {
            let mayWait = round.isEmpty && round.memorySize == nil
            // Whoever asks how the workers are is not to see one busy that waits.
            if mayWait { await announce(&round) }
            let patience = mayWait ? min(settings.announceInterval, round.waitForJob(at: .now)) : .zero
            let (id, size, store) = (settings.id, round.batch.size, store)
            do {
                let jobs = try await cancelWhenGracefulShutdown {
                    try await store.claim(by: id, upTo: 1, size: size, waitingUpTo: patience)
                }
                guard let job = jobs.first else {
                    guard round.isEmpty, round.memorySize != nil else { return }
                    // Nothing to do at once: whoever waits holds no memory.
                    await giveMemoryBack(&round)
                    continue
                }
                if round.isEmpty, round.memorySize != job.request.size { await giveMemoryBack(&round) }
                guard round.join(job, at: .now) else { continue }
                Timer(label: "darkroom_job_queue_seconds")
                    .record(duration: max(job.submitted.duration(to: .now), .zero))
                logger.info("Job began", metadata: job.metadata)
            } catch let error as StoreError where error.mayPass {
                logger.warning("The store gave no job", metadata: ["error": "\(error)"])
                if round.isEmpty { try await Task.sleep(for: Self.storePatience) }
                return
            }
        }
    }

    /// Gives back what the evaluations of the last jobs needed.
    private func giveMemoryBack(_ round: inout Round) async {
        round.memorySize = nil
        await thread.run { [engine] in engine.model.trim() }
    }

    /// Computes a turn; the leases are kept meanwhile, however long it takes.
    private func evaluate(_ turn: Turn, of round: inout Round) async -> TurnResult {
        let measurement = round.measurement(of: turn)
        let heartbeats = round.claims.map { Heartbeat(lease: $0.lease) }
        let keeping = Task { [settings, store] in
            while true {
                try await Task.sleep(for: settings.signInterval)
                // Whether one of them is lost is asked again after the turn.
                _ = try? await store.heartbeat(heartbeats)
                try? await store.announce(settings.id, .busy)
            }
        }
        // Nobody stops an evaluation. One that lasts for too long is for whoever gets the jobs next.
        let stopping = round.stopping
        let leaving = Task { [settings, claims = round.claims] in
            try await gracefulShutdown()
            try await Task.sleep(until: (stopping ?? .now) + settings.drainTimeout, clock: .continuous)
            keeping.cancel()
            for job in claims { await giveBack(job) }
        }
        defer {
            keeping.cancel()
            leaving.cancel()
        }
        let clock = ContinuousClock()
        let start = clock.now
        let (result, bytes) = await thread.run { [engine] in
            if measurement != nil { engine.model.trim() }
            let before = Memory.ownBytes
            let result = engine.perform(turn)
            let growth = before.flatMap { before in Memory.ownBytes.map { $0 - before } }
            return (result, growth)
        }
        let duration = clock.now - start
        observe(turn, duration: duration)
        if case .step = turn {
            noteFirstEvaluation(&round, duration: duration)
            // Nobody waits for the sketches' map: it is learned once the first evaluation is told of.
            await thread.run { [engine] in engine.learnSketches() }
        }
        if let measurement, let bytes {
            round.limit.measured(measurement.size, rows: measurement.rows, bytes: bytes)
            logger.info(
                "Batch limit",
                metadata: [
                    "size": "\(measurement.size.width)x\(measurement.size.height)",
                    "rows": "\(round.limit.rows(for: measurement.size))",
                    "bytes_per_row": "\(bytes / max(measurement.rows, 1))",
                ]
            )
        }
        return result
    }

    private func observe(_ turn: Turn, duration: Duration) {
        switch turn {
        case .begin:
            Timer(label: "darkroom_encode_seconds").record(duration: duration)
        case .step(let pictures):
            Timer(label: "darkroom_evaluation_seconds").record(duration: duration)
            Recorder(label: "darkroom_evaluation_pictures").record(pictures.count)
        case .finish:
            Timer(label: "darkroom_decode_seconds").record(duration: duration)
        }
    }

    /// Says how long it took from the process's start to the start of the first evaluation.
    private func noteFirstEvaluation(_ round: inout Round, duration: Duration) {
        guard !round.hasEvaluated else { return }
        round.hasEvaluated = true
        let coldStart = started.elapsed - duration
        Timer(label: "darkroom_cold_start_seconds").record(duration: coldStart)
        logger.info("First evaluation", metadata: ["milliseconds": "\(coldStart.wholeMilliseconds)"])
    }
}

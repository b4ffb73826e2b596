// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Logging
import Metrics
import StableDiffusion

/// What a worker tells the store.
extension WorkerService {
    /// Tells of the jobs that are over.
    ///
    /// What cannot be told now is told in the next round, for as long as the lease lasts.
    func report(_ round: inout Round) async throws {
        var untold: [Ending] = []
        for ending in round.endings {
            do {
                try await tell(ending)
            } catch let error as StoreError where error.mayPass {
                untold.append(ending)
                logger.warning(
                    "The store took no result",
                    metadata: ending.job.metadata.merging(["error": "\(error)"]) { $1 }
                )
            }
        }
        round.endings = untold
        guard !untold.isEmpty, round.batch.isEmpty else { return }
        try await Task.sleep(for: Self.storePatience)
        await beat(&round)
    }

    private func tell(_ ending: Ending) async throws {
        var metadata = ending.job.metadata
        let answer: LeaseAnswer
        switch ending.outcome {
        case .success(let result):
            answer = try await store.complete(ending.lease, with: result)
            metadata["pictures"] = "\(result.images.count)"
            metadata["milliseconds"] = "\(result.timings.inference.wholeMilliseconds)"
        case .failure(let failure):
            answer = try await store.fail(ending.lease, failure.told, isRetryable: failure.isRetryable)
            metadata["code"] = "\(failure.told.code.rawValue)"
            metadata["cause"] = "\(failure.cause)"
        }
        guard answer == .held else {
            logger.info("Job was taken back", metadata: metadata)
            return
        }
        observe(ending)
        logger.info(ending.isSuccess ? "Job completed" : "Job failed", metadata: metadata)
    }

    private func observe(_ ending: Ending) {
        let outcome: String
        switch ending.outcome {
        case .success(let result):
            outcome = "completed"
            Counter(label: "darkroom_pictures_total").increment(by: result.images.count)
            Timer(label: "darkroom_job_seconds").record(duration: result.timings.inference)
        case .failure(let failure):
            outcome = failure.told.code.rawValue
        }
        Counter(label: "darkroom_jobs_total", dimensions: [("outcome", outcome)]).increment()
    }

    /// Keeps the leases, tells how far the jobs are, and lets those go that are lost.
    func beat(_ round: inout Round) async {
        let now = ContinuousClock.now
        guard !round.isEmpty, round.pace.isDue(at: now) else { return }
        let shape = round.batch.size.map { engine.model.latentShape(width: $0.width, height: $0.height) }
        let heartbeats = round.pace.heartbeats(of: round.claims.map(\.lease), round.batch.standings, at: now) {
            standing in
            guard let latents = standing.sketch, let shape else { return nil }
            return engine.sketch(latents, shape: shape)
        }
        do {
            let lost = try await store.heartbeat(heartbeats)
            for job in round.leave(lost) { logger.info("Job was taken back", metadata: job.metadata) }
        } catch {
            // The leases last for longer than most troubles of a store.
            logger.warning("The store heard no heartbeat", metadata: ["error": "\(error)"])
        }
    }

    /// Says what the worker does, when that is news and at regular times.
    func announce(_ round: inout Round) async {
        let now = ContinuousClock.now
        if let last = round.announced, last.state == round.state, now - last.time < settings.announceInterval { return }
        round.announced = (round.state, now)
        do {
            try await store.announce(settings.id, round.state)
        } catch {
            logger.warning("The store heard no announcement", metadata: ["error": "\(error)"])
        }
    }

    /// Gives back what is not done, and says good-bye.
    func leave(_ round: inout Round) async {
        for job in round.claims { await giveBack(job) }
        try? await store.announce(settings.id, nil)
        logger.info("Worker leaves")
    }

    /// Lets another worker have a job.
    func giveBack(_ job: ClaimedJob) async {
        do {
            guard try await store.release(job.lease) == .held else { return }
            logger.info("Job was given back", metadata: job.metadata)
        } catch {
            // It is taken back when the lease runs out.
            logger.warning("The store took no job back", metadata: ["error": "\(error)"])
        }
    }
}

extension PictureEngine {
    /// Fits the map from latents to sketches, unless that is done.
    func learnSketches() {
        _ = try? sketches.map(for: model)
    }

    /// A small JPEG file of what latents hint at; `nil` if there is none.
    func sketch(_ latents: [Float], shape: LatentShape) -> StoredImage? {
        guard let image = try? sketches.map(for: model).sketch(latents, shape: shape),
            let bytes = try? ImageEncoder(format: .jpeg, quality: 75).encode(image)
        else { return nil }
        return StoredImage(bytes: bytes, format: .jpeg)
    }
}

extension Ending {
    fileprivate var isSuccess: Bool {
        if case .success = outcome { true } else { false }
    }
}

extension ClaimedJob {
    /// What log lines about the job carry.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["request_id": "\(lease.job)", "try": "\(lease.number)"]
        if let trace { metadata["trace_id"] = "\(trace.traceID)" }
        return metadata
    }
}

extension StoreError {
    /// Whether the same call may succeed later.
    var mayPass: Bool {
        switch self {
        case .full, .readOnly, .busy, .unreachable: true
        case .newerVersion, .damaged, .unknownAccount: false
        }
    }
}

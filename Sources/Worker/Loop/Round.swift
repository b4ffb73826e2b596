// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion

/// What a worker keeps from one round to the next.
struct Round {
    private(set) var batch: StepBatch
    var limit: RowLimit
    var pace = ProgressPace()
    /// Jobs that are over and that the store does not know of yet.
    var endings: [Ending] = []
    var hasEvaluated = false
    /// The size of picture that memory was kept for; `nil` when none is.
    var memorySize: PictureSize?
    /// What the store was told last, and when.
    var announced: (state: WorkerState, time: ContinuousClock.Instant)?
    private let settings: WorkerSettings
    /// Since when the worker has been waiting for a job.
    private var idleSince: ContinuousClock.Instant?
    /// Since when the worker has known that it is to stop.
    private(set) var stopping: ContinuousClock.Instant?

    init(settings: WorkerSettings) {
        self.settings = settings
        limit = settings.rowLimit
        batch = StepBatch(rowLimit: settings.rowLimit.most)
    }

    /// Whether there is nothing to do and nothing to tell.
    var isEmpty: Bool { batch.isEmpty && endings.isEmpty }

    /// The jobs that the store thinks this worker has.
    var claims: [ClaimedJob] { batch.claims + endings.map(\.job) }

    /// Whether another job is wanted.
    ///
    /// While the store cannot be told of the last ones, none is.
    var hasRoom: Bool { endings.isEmpty && batch.hasRoom }

    /// What the worker does.
    var state: WorkerState {
        if stopping != nil { return .draining }
        return isEmpty ? .ready : .busy
    }

    /// Begins to wait for a job, or goes on; returns how much longer the worker waits.
    mutating func waitForJob(at now: ContinuousClock.Instant) -> Duration {
        let since = idleSince ?? now
        idleSince = since
        guard let timeout = settings.idleTimeout else { return .seconds(3600) }
        return max(timeout - (now - since), .zero)
    }

    private func hasWaitedTooLong(at now: ContinuousClock.Instant) -> Bool {
        guard let idleSince, let timeout = settings.idleTimeout else { return false }
        return now - idleSince >= timeout
    }

    /// Whether the worker leaves: it has waited for too long, or is to stop and is done or out of time.
    mutating func isOver(at now: ContinuousClock.Instant, isStopping: Bool) -> Bool {
        guard isStopping else { return isEmpty && hasWaitedTooLong(at: now) }
        let since = stopping ?? now
        stopping = since
        return isEmpty || now - since >= settings.drainTimeout
    }

    /// Takes a job in; returns whether it is new.
    ///
    /// A database that crashed may have forgotten that it gave the job away: then it gives it again, under the same lease.
    mutating func join(_ job: ClaimedJob, at now: ContinuousClock.Instant) -> Bool {
        idleSince = nil
        guard !claims.contains(where: { $0.lease == job.lease }) else { return false }
        batch.join(job, at: now)
        batch.rowLimit = limit.rows(for: job.request.size)
        return true
    }

    /// Lets jobs go that are somebody else's; returns those that were there.
    mutating func leave(_ lost: Set<Lease>) -> [ClaimedJob] {
        let leaving = claims.filter { lost.contains($0.lease) }
        batch.leave(lost)
        endings.removeAll { lost.contains($0.lease) }
        return leaving
    }

    mutating func schedule() -> Turn? {
        if let size = batch.size { batch.rowLimit = limit.rows(for: size) }
        return batch.schedule()
    }

    mutating func update(_ result: TurnResult, at now: ContinuousClock.Instant) {
        memorySize = batch.size ?? memorySize
        endings += batch.update(result, at: now)
    }

    /// The rows of an evaluation whose memory is not known yet.
    func measurement(of turn: Turn) -> (size: PictureSize, rows: Int)? {
        guard case .step(let pictures) = turn, let size = batch.size, limit.isUnknown(size) else { return nil }
        return (size, pictures.reduce(0) { $0 + $1.denoising.rowCount })
    }
}

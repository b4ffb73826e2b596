// SPDX-License-Identifier: Apache-2.0

package import Jobs
import StableDiffusion

/// The jobs that a worker has, and what is to be done next for them: decisions only, no computing, no store, no clock.
///
/// ```
/// while let turn = batch.schedule() {
///     let result = engine.perform(turn)
///     let endings = batch.update(result, at: now)
/// }
/// ```
///
/// All pictures that have been begun share each evaluation of the UNet, as far as there are rows for them: the first come
/// are the first served, and a picture keeps its place until it is finished. Jobs join and leave between any two turns.
package struct StepBatch: Sendable {
    /// How many rows one evaluation of the UNet may have.
    ///
    /// One picture is evaluated however many it needs.
    package var rowLimit: Int
    /// In the order in which they joined.
    private var jobs: [RunningJob] = []

    /// A batch without jobs.
    package init(rowLimit: Int) {
        self.rowLimit = rowLimit
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { jobs.isEmpty }

    /// The size of all pictures; `nil` while there are none.
    package var size: PictureSize? { jobs.first?.claimed.request.size }

    /// The jobs, in the order in which they joined.
    package var claims: [ClaimedJob] { jobs.map(\.claimed) }

    /// Whether another job would be evaluated along with those there are.
    package var hasRoom: Bool {
        guard !jobs.isEmpty else { return true }
        let rows = jobs.reduce(0) { $0 + $1.openRows }
        return rows < rowLimit && !jobs.contains(where: \.isSolitary)
    }

    /// Takes a job of the batch's size in.
    package mutating func join(_ job: ClaimedJob, at now: ContinuousClock.Instant) {
        precondition(size == nil || size == job.request.size, "a job of another size in a batch")
        jobs.append(RunningJob(claimed: job, joined: now))
    }

    /// Lets jobs go that nobody waits for any longer.
    package mutating func leave(_ leases: Set<Lease>) {
        guard !leases.isEmpty else { return }
        jobs.removeAll { leases.contains($0.claimed.lease) }
    }

    /// What is to be done next; `nil` when there is nothing to do.
    ///
    /// What is finished goes first, because it makes room; then what is new, so that it has part in the next evaluation.
    package func schedule() -> Turn? {
        let jobs = eligible
        for job in jobs {
            if let (index, denoising) = job.finished {
                return .finish(PictureKey(lease: job.claimed.lease, index: index), denoising, job.claimed.request)
            }
        }
        if let job = jobs.first(where: { !$0.isBegun }) {
            return .begin(job.claimed.lease, job.claimed.request)
        }
        let pictures = nextRows(of: jobs)
        return pictures.isEmpty ? nil : .step(pictures)
    }

    /// Takes a turn's result; returns the jobs that are over.
    ///
    /// What became of jobs that left meanwhile is dropped.
    package mutating func update(_ result: TurnResult, at now: ContinuousClock.Instant) -> [Ending] {
        switch result {
        case .begun(let lease, .success(let beginning)):
            return change(lease, at: now) { $0.begin(beginning) }
        case .finished(let key, .success(let image)):
            return change(key.lease, at: now) { $0.pictures[key.index] = .done(image) }
        case .stepped(let pictures):
            var endings: [Ending] = []
            for (key, result) in pictures {
                switch result {
                case .success(let denoising):
                    endings += change(key.lease, at: now) { $0.pictures[key.index] = .denoising(denoising) }
                case .failure(let failure):
                    endings += fail(key.lease, failure)
                }
            }
            return endings
        case .begun(let lease, .failure(let failure)): return fail(lease, failure)
        case .finished(let key, .failure(let failure)): return fail(key.lease, failure)
        }
    }

    /// How far the jobs are that have begun.
    package var standings: [Standing] {
        jobs.filter(\.isBegun).map { Standing(lease: $0.claimed.lease, progress: $0.progress, sketch: $0.sketch) }
    }

    /// The jobs that may be worked on: a job that may be what ended its workers is alone, so that it takes no other along.
    private var eligible: ArraySlice<RunningJob> {
        guard let solitary = jobs.firstIndex(where: \.isSolitary) else { return jobs[...] }
        return jobs[..<max(solitary, 1)]
    }

    /// The pictures that the next evaluation has rows for, in the order of their jobs and of their seeds.
    private func nextRows(of jobs: ArraySlice<RunningJob>) -> [(key: PictureKey, denoising: Denoising)] {
        var pictures: [(key: PictureKey, denoising: Denoising)] = []
        var rows = 0
        for job in jobs {
            for (index, denoising) in job.unfinished {
                rows += job.rowsPerPicture
                // Nobody overtakes, so that everybody's turn comes.
                guard rows <= rowLimit || pictures.isEmpty else { return pictures }
                pictures.append((key: PictureKey(lease: job.claimed.lease, index: index), denoising: denoising))
            }
        }
        return pictures
    }

    private mutating func change(
        _ lease: Lease,
        at now: ContinuousClock.Instant,
        by body: (inout RunningJob) -> Void
    ) -> [Ending] {
        guard let position = jobs.firstIndex(where: { $0.claimed.lease == lease }) else { return [] }
        body(&jobs[position])
        guard let result = jobs[position].result(at: now) else { return [] }
        return [Ending(job: jobs.remove(at: position).claimed, outcome: .success(result))]
    }

    private mutating func fail(_ lease: Lease, _ failure: TurnFailure) -> [Ending] {
        guard let position = jobs.firstIndex(where: { $0.claimed.lease == lease }) else { return [] }
        return [Ending(job: jobs.remove(at: position).claimed, outcome: .failure(failure))]
    }
}

/// How a job in a batch ended.
package struct Ending: Sendable {
    package var job: ClaimedJob
    package var outcome: Result<GenerationResult, TurnFailure>

    /// What it is told in the name of.
    package var lease: Lease { job.lease }
}

/// How far a job in a batch is.
package struct Standing: Sendable {
    package var lease: Lease
    package var progress: GenerationProgress
    /// What the latents of its first unfinished picture are expected to become, `[channels, height, width]`.
    package var sketch: [Float]?
}

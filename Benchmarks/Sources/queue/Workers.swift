// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// Those who make pictures, or take as long: they talk to the store as workers do.
struct Workers {
    let plan: Plan
    let stores: [any Store]
    let journal: Journal
    let picture: [UInt8]

    private var signInterval: Duration { plan.policy.leaseDuration / 3 }
    private var announceInterval: Duration { plan.policy.leaseDuration / 2 }

    /// Claims and completes until it is cancelled.
    func run(_ number: Int) async {
        let worker = WorkerID("worker-\(number)")
        let store = stores[number % stores.count]
        // They did not all start at the same moment.
        try? await Task.sleep(for: .seconds(Double.random(in: 0...min(plan.warmUpSeconds / 2, 5))))
        var announced: ContinuousClock.Instant?
        while !Task.isCancelled {
            do {
                if announced.map({ .now - $0 > announceInterval }) ?? true {
                    announced = .now
                    try await journal.announce.measure { try await store.announce(worker, .ready) }
                }
                let call = ContinuousClock.now
                let jobs = try await store.claim(by: worker, upTo: 1, size: nil, waitingUpTo: announceInterval)
                for job in jobs {
                    journal.claimed(job.lease.job, by: call)
                    try await work(on: job, as: worker, in: store)
                }
            } catch {
                journal.failed(error)
            }
        }
    }

    private func work(on job: ClaimedJob, as worker: WorkerID, in store: any Store) async throws {
        if plan.jobSeconds > 0 { try await compute(job, as: worker, in: store) }
        let image = GeneratedImage(
            bytes: picture,
            format: .png,
            width: job.request.width,
            height: job.request.height,
            seed: job.request.seed
        )
        let answer = try await journal.complete.measure {
            try await store.complete(
                job.lease,
                with: GenerationResult(
                    images: [image],
                    timings: GenerationTimings(inference: .seconds(plan.jobSeconds))
                )
            )
        }
        journal.completed(job.lease.job, answer)
    }

    /// Takes the time of a job and says meanwhile that it lives, and how far it is.
    private func compute(_ job: ClaimedJob, as worker: WorkerID, in store: any Store) async throws {
        try await store.announce(worker, .busy)
        let end = ContinuousClock.now + .seconds(plan.jobSeconds)
        let pause = plan.progressEvents > 0 ? Duration.seconds(plan.jobSeconds) / plan.progressEvents : signInterval
        var step = 0
        var signed = ContinuousClock.now
        while ContinuousClock.now < end {
            try await Task.sleep(until: min(end, .now + min(pause, signInterval)))
            step += 1
            var heartbeat = Heartbeat(lease: job.lease)
            if plan.progressEvents > 0 {
                let progress = GenerationProgress(sample: 0, step: step, steps: plan.progressEvents)
                heartbeat.progress = JobProgress(progress)
            }
            let lost = try await journal.heartbeat.measure { try await store.heartbeat([heartbeat]) }
            guard lost.isEmpty else { return }
            guard .now - signed > announceInterval else { continue }
            signed = .now
            try await journal.announce.measure { try await store.announce(worker, .busy) }
        }
    }
}

extension Latencies {
    /// Does `body` and records how long it took.
    func measure<Value>(_ body: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        let value = try await body()
        record(.now - start)
        return value
    }
}

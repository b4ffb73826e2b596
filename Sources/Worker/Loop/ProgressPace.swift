// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// When which job's progress is told, and when with a sketch.
struct ProgressPace {
    /// Heartbeats are no closer to each other than this.
    static let interval = Duration.milliseconds(100)
    /// Sketches are no closer to each other than this, and than these evaluations.
    private static let sketches: (interval: Duration, evaluations: Int) = (.milliseconds(500), 3)

    private struct Told {
        var progress: GenerationProgress
        /// The evaluation and the time of the last sketch.
        var sketch: (evaluation: Int, time: ContinuousClock.Instant)
    }

    private var told: [Lease: Told] = [:]
    private var lastBeat: ContinuousClock.Instant?

    /// Whether it is time for heartbeats; if so, it is not for another interval.
    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
        if let lastBeat, now - lastBeat < Self.interval { return false }
        lastBeat = now
        return true
    }

    /// The heartbeats of `leases`: with progress where there is news, with a sketch where the last one is old.
    mutating func heartbeats(
        of leases: [Lease],
        _ standings: [Standing],
        at now: ContinuousClock.Instant,
        sketch: (Standing) -> StoredImage?
    ) -> [Heartbeat] {
        let standings = Dictionary(uniqueKeysWithValues: standings.map { ($0.lease, $0) })
        told = told.filter { standings[$0.key] != nil }
        return leases.map { lease in
            guard let standing = standings[lease], told[lease]?.progress != standing.progress else {
                return Heartbeat(lease: lease)
            }
            var last = told[lease] ?? Told(progress: standing.progress, sketch: (0, now))
            last.progress = standing.progress
            var progress = JobProgress(standing.progress)
            let evaluation = standing.progress.sample * standing.progress.steps + standing.progress.step
            if evaluation - last.sketch.evaluation >= Self.sketches.evaluations,
                now - last.sketch.time >= Self.sketches.interval
            {
                last.sketch = (evaluation, now)
                progress.preview = sketch(standing)
            }
            told[lease] = last
            return Heartbeat(lease: lease, progress: progress)
        }
    }
}

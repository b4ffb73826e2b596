// SPDX-License-Identifier: Apache-2.0

package import Jobs

/// Which worker processes there are, and when there should be more: the supervisor's decisions, without processes or time
/// of their own.
package struct WorkerFleet: Sendable {
    /// The most workers at a time; 0 when they are somebody else's affair.
    package let limit: Int
    /// How many jobs must wait for each worker there is before another one pays: as many as share one worker's batch.
    package let jobsPerWorker: Int

    /// The waits before a worker is started in place of one that crashed: none at first, then longer and longer.
    private static let backoff: (first: Duration, longest: Duration) = (.milliseconds(250), .seconds(30))
    /// A worker that lived for so long was sound, whatever it died of.
    private static let provingTime = Duration.seconds(10)

    /// The workers that run, and since when.
    private var running: [WorkerID: ContinuousClock.Instant] = [:]
    /// Crashes since the last worker that was sound.
    private var crashes = 0
    private var earliestStart: ContinuousClock.Instant?

    /// No workers.
    package init(limit: Int, jobsPerWorker: Int) {
        self.limit = limit
        self.jobsPerWorker = jobsPerWorker
    }

    /// How many workers run.
    package var count: Int { running.count }

    /// Whether none runs.
    package var isEmpty: Bool { running.isEmpty }

    /// Starts a worker on paper if one is needed and may be started, and returns its name.
    ///
    /// The first is needed as soon as a job waits, another when so many wait that those there are would be busy with them
    /// for batches to come.
    package mutating func startWorker(waiting: Int, at now: ContinuousClock.Instant) -> WorkerID? {
        let isNeeded = isEmpty ? waiting > 0 : waiting > jobsPerWorker * count
        guard isNeeded, count < limit, earliestStart.map({ $0 <= now }) ?? true else { return nil }
        let worker = WorkerID()
        running[worker] = now
        return worker
    }

    /// Takes note that a worker's process ended; returns how long nothing is started because of it.
    package mutating func workerEnded(
        _ worker: WorkerID,
        crashed: Bool,
        at now: ContinuousClock.Instant
    ) -> Duration {
        let started = running.removeValue(forKey: worker) ?? now
        guard crashed else {
            crashes = 0
            return .zero
        }
        crashes = now - started >= Self.provingTime ? 1 : crashes + 1
        // The first crash is made up for at once: most often it is chance.
        let wait = crashes == 1 ? .zero : min(Self.backoff.first * (1 << min(crashes - 2, 10)), Self.backoff.longest)
        earliestStart = now + wait
        return wait
    }
}

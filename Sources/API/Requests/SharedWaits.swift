// SPDX-License-Identifier: Apache-2.0

import Jobs
import Synchronization

/// Who waits for the jobs that are made for those who wait: when the last one goes away, the job is not wanted any more.
///
/// A request that is repeated while the first one is still being answered waits for the same job.
final class SharedWaits: Sendable {
    private let counts = Mutex<[JobID: Int]>([:])

    /// Waits for a job that was made for this caller, or for one that another waits for already.
    ///
    /// - Returns: Whether that is counted. A repetition of a job that nobody waits for is not: it was made to be asked for.
    func enter(_ job: JobID, isRepetition: Bool) -> Bool {
        counts.withLock { counts in
            guard !isRepetition || counts[job] != nil else { return false }
            counts[job, default: 0] += 1
            return true
        }
    }

    /// Has a job made to its end, whoever of those who wait for it goes away: someone asks for it later.
    func keep(_ job: JobID) {
        counts.withLock { $0[job] = nil }
    }

    /// Waits no longer, after a wait that was counted; returns whether nobody else does, or asks for the job later.
    func leave(_ job: JobID) -> Bool {
        counts.withLock { counts in
            guard let count = counts[job] else { return false }
            let left = count - 1
            counts[job] = left == 0 ? nil : left
            return left == 0
        }
    }
}

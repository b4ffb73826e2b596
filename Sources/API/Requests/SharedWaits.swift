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

    /// Waits no longer, after a wait that was counted; returns whether nobody else does.
    func leave(_ job: JobID) -> Bool {
        counts.withLock { counts in
            let left = counts[job, default: 1] - 1
            counts[job] = left == 0 ? nil : left
            return left == 0
        }
    }
}

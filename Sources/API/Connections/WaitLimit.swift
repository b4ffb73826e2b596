// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many requests of one caller may wait for news at once.
final class WaitLimit: Sendable {
    private let limit: Int
    private let counts = Mutex<[Caller: Int]>([:])

    init(_ limit: Int) {
        self.limit = limit
    }

    /// A place among those that wait, kept until it is let go of.
    final class Place: Sendable {
        private let owner: WaitLimit
        private let caller: Caller

        fileprivate init(_ owner: WaitLimit, _ caller: Caller) {
            self.owner = owner
            self.caller = caller
        }

        deinit { owner.leave(caller) }
    }

    /// A place for `caller`; `nil` when all are taken.
    func enter(_ caller: Caller) -> Place? {
        let isAdmitted = counts.withLock { counts in
            guard counts[caller, default: 0] < limit else { return false }
            counts[caller, default: 0] += 1
            return true
        }
        return isAdmitted ? Place(self, caller) : nil
    }

    private func leave(_ caller: Caller) {
        counts.withLock { counts in
            let left = counts[caller, default: 1] - 1
            counts[caller] = left == 0 ? nil : left
        }
    }
}

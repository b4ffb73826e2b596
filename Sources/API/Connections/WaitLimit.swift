// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many requests of one caller, and of all, may wait for something at once.
final class WaitLimit: Sendable {
    private let limit: Int
    private let total: Int
    private let counts = Mutex((all: 0, each: [Caller: Int]()))

    init(_ limit: Int, ofAll total: Int = .max) {
        self.limit = limit
        self.total = total
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
            guard counts.all < total, counts.each[caller, default: 0] < limit else { return false }
            counts.all += 1
            counts.each[caller, default: 0] += 1
            return true
        }
        return isAdmitted ? Place(self, caller) : nil
    }

    private func leave(_ caller: Caller) {
        counts.withLock { counts in
            let left = counts.each[caller, default: 1] - 1
            counts.each[caller] = left == 0 ? nil : left
            counts.all -= 1
        }
    }
}

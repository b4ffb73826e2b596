// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many requests of one caller may wait for something at once.
final class WaitLimit: Sendable {
    private let limit: Int
    private let total: Total
    private let counts = Mutex<[Caller: Int]>([:])

    /// - Parameter total: Those of all callers, also of those who wait for something else.
    init(_ limit: Int, of total: Total = Total(.max)) {
        self.limit = limit
        self.total = total
    }

    /// How many requests may wait in all.
    final class Total: Sendable {
        private let limit: Int
        private let count = Mutex(0)

        init(_ limit: Int) {
            self.limit = limit
        }

        fileprivate func enter() -> Bool {
            count.withLock { count in
                guard count < limit else { return false }
                count += 1
                return true
            }
        }

        fileprivate func leave() {
            count.withLock { $0 -= 1 }
        }
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
            guard counts[caller, default: 0] < limit, total.enter() else { return false }
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
        total.leave()
    }
}

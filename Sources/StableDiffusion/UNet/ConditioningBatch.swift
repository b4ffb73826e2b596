// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tensor

/// The conditionings of a batch, stacked: from step to step they are mostly the same.
final class ConditioningBatch: Sendable {
    private struct Last {
        var rows: [Conditioning]
        var stacked: Conditioning
    }

    private let last = Mutex<Last?>(nil)

    /// The rows one after the other; those of the last call are not stacked again.
    func stacked(_ rows: [Conditioning], on device: any Device) -> Conditioning {
        last.withLock { last in
            if let last, last.rows.count == rows.count, zip(last.rows, rows).allSatisfy({ $0.isSame(as: $1) }) {
                return last.stacked
            }
            let stacked = Conditioning.stack(rows, on: device)
            last = Last(rows: rows, stacked: stacked)
            return stacked
        }
    }

    /// Lets go of the last batch.
    func clear() {
        last.withLock { $0 = nil }
    }
}

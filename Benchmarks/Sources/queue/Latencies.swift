// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long the calls of one kind took.
final class Latencies: Sendable {
    private let milliseconds = Mutex<[Double]>([])

    func record(_ duration: Duration) {
        milliseconds.withLock { $0.append(duration / .milliseconds(1)) }
    }

    /// Begins anew.
    func clear() {
        milliseconds.withLock { $0 = [] }
    }

    var summary: Summary {
        let sorted = milliseconds.withLock(\.self).sorted()
        func share(_ part: Double) -> Double? {
            sorted.isEmpty ? nil : sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)]
        }
        return Summary(count: sorted.count, p50: share(0.5), p99: share(0.99), max: sorted.last)
    }

    /// Milliseconds.
    struct Summary: Encodable {
        var count: Int
        var p50: Double?
        var p99: Double?
        var max: Double?
    }
}

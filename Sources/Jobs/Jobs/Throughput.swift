// SPDX-License-Identifier: Apache-2.0

/// How many jobs ended in each of some equal spans of time, the oldest span first.
///
/// Spans begin at whole multiples of their length, so that a later look counts the same jobs in the same span. Jobs are
/// counted for as long as it is remembered that they existed.
package struct Throughput: Equatable, Sendable {
    /// When the first span begins.
    package let start: Timestamp
    /// How long each span is.
    package let interval: Duration
    /// Jobs that ended with their pictures.
    package var completed: [Int]
    /// Jobs that failed or passed their deadlines.
    package var failed: [Int]

    /// Nothing yet, in `count` spans of which the last one holds `now`.
    ///
    /// - Precondition: there is a span, and it is at least a millisecond long.
    package init(until now: Timestamp, per interval: Duration, count: Int) {
        let length = interval.wholeMilliseconds
        precondition(count > 0 && length > 0, "a span takes time")
        let last = now.milliseconds - now.milliseconds % length
        start = Timestamp(milliseconds: last - Int64(count - 1) * length)
        self.interval = interval
        completed = [Int](repeating: 0, count: count)
        failed = completed
    }
}

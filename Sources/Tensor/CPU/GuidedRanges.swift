// SPDX-License-Identifier: Apache-2.0

/// Cuts work into ranges for threads that take one after the other.
///
/// The last ranges are smaller, so that no thread waits long for one that was held up: guided self-scheduling
/// (Polychronopoulos & Kuck, 1987).
///
/// - Parameters:
///   - count: of what is cut; 0 gives no range.
///   - most: a range's largest size, before it is rounded up to whole groups.
///   - fewest: the size below which no range is cut further, at most `most`.
///   - group: sizes are multiples of it, except in the last range.
func guidedRanges(_ count: Int, most: Int, fewest: Int, group: Int, threads: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < count {
        // Half of a thread's share of what is left; one thread waits for nobody.
        let share = threads == 1 ? most : (count - start) / (2 * threads)
        let size = (min(max(share, fewest), most) + group - 1) / group * group
        ranges.append(start..<min(count, start + size))
        start += size
    }
    return ranges
}

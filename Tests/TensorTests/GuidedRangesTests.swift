// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensor

@Suite struct GuidedRangesTests {
    @Test(arguments: [0, 1, 5, 6, 7, 100, 239, 241, 8192], [1, 2, 3, 64])
    func `ranges cover everything once, in whole groups`(count: Int, threads: Int) {
        let ranges = guidedRanges(count, most: 240, fewest: 60, group: 6, threads: threads)
        #expect(ranges.flatMap { Array($0) } == Array(0..<count))
        #expect(ranges.allSatisfy { !$0.isEmpty && $0.count <= 240 })
        #expect(ranges.dropLast().allSatisfy { $0.count.isMultiple(of: 6) && $0.count >= 60 })
    }

    @Test func `the last ranges are the smallest where several threads share them`() {
        let shared = guidedRanges(8192, most: 240, fewest: 60, group: 6, threads: 2).map(\.count)
        #expect(shared == shared.sorted(by: >))
        #expect(shared.first == 240)
        #expect(shared.last.map { $0 <= 60 } == true)
        let alone = guidedRanges(8192, most: 240, fewest: 60, group: 6, threads: 1).map(\.count)
        #expect(alone.dropLast().allSatisfy { $0 == 240 })
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// Weights or activations with values that are neither zero nor denormal: both can change how long a product takes.
struct Noise: HostTensor {
    let shape: Shape
    let elementType = ElementType.bfloat16
    private let elements: [UInt16]

    init(_ shape: Shape) {
        self.shape = shape
        var state: UInt32 = 1
        elements = (0..<shape.count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt16(0x3c00 | (state >> 17) & 0x81ff)
        }
    }

    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe body(elements.span.bytes)
    }

    static func values(_ count: Int) -> [Float] {
        (0..<count).map { Float(($0 &* 2_654_435_761) >> 8 & 0xffff) / 65536 - 0.5 }
    }
}

/// Seconds of processor time that `body` takes on each of `threads` threads, the least and the median of several runs
/// after one that does not count: time that other processes have is left out.
func measure(runs: Int, threads: Int, _ body: () -> Void) -> (best: Double, median: Double) {
    body()
    let times = (0..<runs).map { _ in
        let start = processorTime()
        body()
        return (processorTime() - start) / Double(threads)
    }.sorted()
    return (times[0], times[times.count / 2])
}

private func processorTime() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

// SPDX-License-Identifier: Apache-2.0

import CKernels
import Dispatch
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

/// Floating-point operations a second of the tile kernel on operands that never leave the first-level cache, on all
/// threads at once: within a few percent of what the processor's multiply-add units can do.
func peak(_ device: CPUDevice) -> Double {
    let depth = 64
    let tiles = 20_000
    nonisolated(unsafe) let kernels = unsafe ck_kernels_for(ck_isa(numericCast(device.instructionSet.rawValue)))
    let time = measure(runs: 5, threads: device.threads) {
        DispatchQueue.concurrentPerform(iterations: device.threads) { _ in
            var sums = [Float](repeating: 0, count: 6 * 64)
            let rows = [Float](repeating: 1.5, count: depth)
            let panel = [Float](repeating: 1.5, count: depth * 64)
            unsafe sums.withUnsafeMutableBufferPointer { sums in
                unsafe rows.withUnsafeBufferPointer { row in
                    unsafe panel.withUnsafeBufferPointer { panel in
                        guard let c = sums.baseAddress, let a = row.baseAddress, let b = panel.baseAddress else {
                            return
                        }
                        if device.precision == .bfloat16, let tile = unsafe kernels.pointee.tile_bf16 {
                            let a = unsafe UnsafeRawPointer(a).assumingMemoryBound(to: UInt16.self)
                            let b = unsafe UnsafeRawPointer(b).assumingMemoryBound(to: UInt16.self)
                            var pointers = unsafe [a, a, a, a, a, a]
                            for _ in 0..<tiles { unsafe tile(c, &pointers, b, depth, 64, 6, 64, false) }
                        } else {
                            var pointers = unsafe [a, a, a, a, a, a]
                            for _ in 0..<tiles {
                                unsafe kernels.pointee.tile_f32(c, &pointers, b, depth, 64, 6, 64, false)
                            }
                        }
                    }
                }
            }
        }
    }
    return Double(device.threads * tiles * 2 * 6 * 64 * depth) / time.best
}

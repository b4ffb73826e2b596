// SPDX-License-Identifier: Apache-2.0

import CKernels
import Dispatch

extension CPUDevice {
    /// Products that each sum of the measured tile has: with them a tile's operands fill half a first-level cache.
    private static var peakDepth: Int { 64 }
    /// Tiles that a thread computes in one run: some ten milliseconds.
    private static var peakTiles: Int { 20_000 }
    private static var peakRuns: Int { 10 }

    /// Floating-point operations a second of the device's multiply-adds on operands that never leave the first-level
    /// cache, on all its threads at once: the best of several runs, by wall time.
    ///
    /// It is the bfloat16 dot product where the device uses it, else float32, and within a few percent of what the
    /// processor's units can do. Neighbours on the machine show in it: measure before and after what it is compared with.
    package func measurePeak() -> Double {
        let clock = ContinuousClock()
        let seconds = (0...Self.peakRuns).map { _ in
            let start = clock.now
            // Not `parallel`: each thread has exactly one share.
            DispatchQueue.concurrentPerform(iterations: threads) { _ in multiplyTiles() }
            return (clock.now - start) / .seconds(1)
        }
        let operations = 2 * Double(CK_TILE_ROWS * CK_PANEL) * Double(Self.peakDepth * Self.peakTiles * threads)
        // The first run starts the threads.
        return operations / (seconds.dropFirst().min() ?? .infinity)
    }

    private func multiplyTiles() {
        if precision == .bfloat16, let tile = unsafe kernels.pointee.tile_bf16 {
            unsafe multiplyTiles(of: UInt16(0x3fc0), tile)
        } else {
            unsafe multiplyTiles(of: Float(1.5), kernels.pointee.tile_f32)
        }
    }

    /// The signature of the kernels' tiles: see ck_gemm.h.
    private typealias Tile<Element> = (
        UnsafeMutablePointer<Float>, UnsafePointer<UnsafePointer<Element>>, UnsafePointer<Element>, Int, Int, Int32,
        Int32, Bool
    ) -> Void

    private func multiplyTiles<Element>(of value: Element, _ tile: Tile<Element>) {
        let columns = Int(CK_PANEL)
        var sums = [Float](repeating: 0, count: Int(CK_TILE_ROWS) * columns)
        let operands = [Element](repeating: value, count: Self.peakDepth * columns)
        unsafe sums.withUnsafeMutableBufferPointer { sums in
            unsafe operands.withUnsafeBufferPointer { operands in
                guard let sums = sums.baseAddress, let operand = operands.baseAddress else { return }
                let rows = unsafe [UnsafePointer<Element>](repeating: operand, count: Int(CK_TILE_ROWS))
                for _ in 0..<Self.peakTiles {
                    unsafe tile(sums, rows, operand, Self.peakDepth, columns, CK_TILE_ROWS, CK_PANEL, false)
                }
            }
        }
    }
}

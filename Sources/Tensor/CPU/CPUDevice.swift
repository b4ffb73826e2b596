// SPDX-License-Identifier: Apache-2.0

import CKernels
import Dispatch
import Synchronization

/// Stable Diffusion's operations on this machine's processor.
///
/// The arithmetic is in CKernels; this type chooses its code path and splits the work over threads: over pixels and
/// output channels, never over a sum, so the number of threads changes no bit.
@safe package final class CPUDevice: Device {
    package let arithmetic: Arithmetic
    /// The number of threads an operation is split over.
    package let threads: Int
    /// The code path of the kernels.
    package let instructionSet: InstructionSet
    /// Whether large Winograd tiles may round their transformed values to bfloat16: faster, at some accuracy.
    package let isFast: Bool
    // Safe: points to a constant.
    nonisolated(unsafe) let kernels: UnsafePointer<ck_kernels>
    let pool = BufferPool()

    /// - Parameters:
    ///   - instructionSet: one of ``InstructionSet/available``; the fastest unless a test wants another.
    ///   - isFast: see ``isFast``; it changes nothing where products are computed of float32.
    package init(
        _ arithmetic: Arithmetic,
        threads: Int,
        instructionSet: InstructionSet = .fastest,
        isFast: Bool = false
    ) {
        precondition(threads >= 1, "a device needs at least one thread")
        precondition(
            InstructionSet.available.contains(instructionSet),
            "this processor does not have \(instructionSet)"
        )
        self.arithmetic = arithmetic
        self.threads = threads
        self.instructionSet = instructionSet
        self.isFast = isFast
        unsafe kernels = instructionSet.kernels
    }

    /// A device without quantized layers.
    package convenience init(
        precision: DType,
        threads: Int,
        instructionSet: InstructionSet = .fastest,
        isFast: Bool = false
    ) {
        self.init(
            precision == .float32 ? .float32 : .bfloat16,
            threads: threads,
            instructionSet: instructionSet,
            isFast: isFast
        )
    }

    package var codePath: String { isFast ? "\(instructionSet), fast" : "\(instructionSet)" }
    package var weightLayout: String { "cpu" }

    /// Memory for a result of the device's precision; the caller writes every element.
    func makeTensor(_ shape: Shape) -> Tensor {
        Tensor(shape: shape, dtype: precision, storage: pool.take(shape.count * precision.size))
    }

    /// Runs `body` for each index on the device's threads, in any order and several at once, and waits.
    func parallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
        guard count > 1, threads > 1 else {
            for index in 0..<count { body(index) }
            return
        }
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
    }

    package func trim() {
        pool.trim()
    }

    /// Operations are done when they return.
    package func synchronize() {}
}

extension Tensor {
    /// The first element, if this tensor is of the processor's own memory.
    var pointer: UnsafeMutableRawPointer {
        guard let buffer = storage as? CPUBuffer else {
            preconditionFailure("a tensor of another device was given to the CPU")
        }
        return unsafe buffer.pointer
    }
}

extension DType {
    /// The kernels' name for this type.
    var kernelType: ck_type {
        switch self {
        case .float32: CK_F32
        case .bfloat16: CK_BF16
        }
    }
}

extension ElementType {
    /// The kernels' name for this type.
    var kernelType: ck_type {
        switch self {
        case .float32: CK_F32
        case .float16: CK_F16
        case .bfloat16: CK_BF16
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CKernels

/// Weights that the kernels read as they are, one after the other: a table or a vector.
final class PackedValues: PackedWeights, Sendable {
    let dtype: DType
    private let block: PackedBlock

    /// Room for `count` elements in `place`, filled by `fill`.
    init(count: Int, dtype: DType, at place: PackedPlace, fill: @escaping (UnsafeMutableRawPointer) -> Void) {
        self.dtype = dtype
        block = unsafe place.block(
            layout: "values, \(count) \(dtype.rawValue)",
            byteCount: count * dtype.size,
            fill: fill
        )
    }

    var byteCount: Int { block.byteCount }

    var pointer: UnsafeRawPointer { UnsafeRawPointer(unsafe block.pointer) }

    /// The values as float32, of which they must be, from element `index` on.
    func float32(from index: Int) -> UnsafePointer<Float> {
        precondition(dtype == .float32, "these values are \(dtype)")
        return unsafe pointer.assumingMemoryBound(to: Float.self) + index
    }
}

extension CPUDevice {
    /// Weights that this device packed as values of a type.
    func packedValues(_ weights: any PackedWeights, of dtype: DType) -> PackedValues {
        guard let packed = weights as? PackedValues, packed.dtype == dtype else {
            preconditionFailure("weights of another device were given to the CPU")
        }
        return packed
    }

    /// Writes a host tensor's elements as values of a type, on every thread.
    func copy(_ tensor: any HostTensor, to out: UnsafeMutableRawPointer, as dtype: DType) {
        tensor.withBytes { bytes in
            precondition(
                bytes.byteCount == tensor.shape.count * tensor.elementType.size,
                "a weight of another size"
            )
            unsafe bytes.withUnsafeBytes { bytes in
                guard let first = bytes.baseAddress else { return }
                // Safe: read, and written in steps that do not overlap.
                nonisolated(unsafe) let source = unsafe first
                nonisolated(unsafe) let out = unsafe out
                let sourceType = tensor.elementType
                let count = tensor.shape.count
                let step = 1 << 14
                parallel((count + step - 1) / step) { index in
                    let start = index * step
                    unsafe convert(
                        out + start * dtype.size,
                        dtype,
                        source + start * sourceType.size,
                        sourceType,
                        count: min(step, count - start)
                    )
                }
            }
        }
        tensor.release()
    }

    /// Converts `count` elements, through float32 in scratch where there is no direct way.
    private func convert(
        _ out: UnsafeMutableRawPointer,
        _ type: DType,
        _ source: UnsafeRawPointer,
        _ sourceType: ElementType,
        count: Int
    ) {
        guard type == .bfloat16, sourceType != .float32 else {
            unsafe ck_convert(kernels, out, type.kernelType, source, sourceType.kernelType, count)
            return
        }
        unsafe pool.withScratch(count * 4) { scratch in
            unsafe ck_convert(kernels, scratch, CK_F32, source, sourceType.kernelType, count)
            unsafe ck_convert(kernels, out, CK_BF16, scratch, CK_F32, count)
        }
    }
}

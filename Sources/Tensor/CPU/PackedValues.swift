// SPDX-License-Identifier: Apache-2.0

import CKernels

/// Weights that the kernels read as they are, one after the other: a table or a vector.
///
/// Safe to share: the memory is written while packing, before another thread can have the object, and freed with it.
final class PackedValues: PackedWeights, @unchecked Sendable {
    let dtype: DType
    private let memory: AlignedMemory

    /// Room for `count` elements, yet to be written.
    init(count: Int, dtype: DType) {
        self.dtype = dtype
        memory = AlignedMemory(byteCount: count * dtype.size)
    }

    deinit {
        memory.deallocate()
    }

    var byteCount: Int { memory.byteCount }

    var pointer: UnsafeMutableRawPointer { unsafe memory.pointer }

    /// The values as float32, of which they must be, from element `index` on.
    func float32(from index: Int) -> UnsafeMutablePointer<Float> {
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

    /// Writes a host tensor's elements into packed values, from element `index` on.
    func copy(_ tensor: any HostTensor, to values: PackedValues, at index: Int) {
        tensor.withBytes { bytes in
            precondition(
                bytes.byteCount == tensor.shape.count * tensor.elementType.size,
                "a weight of another size"
            )
            unsafe bytes.withUnsafeBytes { bytes in
                guard let first = bytes.baseAddress else { return }
                unsafe convert(
                    values.pointer + index * values.dtype.size,
                    values.dtype,
                    first,
                    tensor.elementType,
                    count: tensor.shape.count
                )
            }
        }
    }

    /// Converts in steps of a size that scratch holds where the kernels go through float32.
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
        let step = 1 << 14
        let scratch = pool.take(step * 4)
        for start in stride(from: 0, to: count, by: step) {
            let part = min(step, count - start)
            withExtendedLifetime(scratch) {
                unsafe ck_convert(
                    kernels,
                    scratch.pointer,
                    CK_F32,
                    source + start * sourceType.size,
                    sourceType.kernelType,
                    part
                )
                unsafe ck_convert(kernels, out + start * type.size, CK_BF16, scratch.pointer, CK_F32, part)
            }
        }
    }
}

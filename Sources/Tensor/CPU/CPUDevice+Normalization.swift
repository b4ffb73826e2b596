// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func pack(
        normalization scale: any HostTensor,
        shift: any HostTensor,
        at place: PackedPlace
    ) -> NormalizationWeights {
        let channels = scale.shape.count
        precondition(
            channels > 0 && shift.shape.count == channels,
            "a scale \(scale.shape) and a shift \(shift.shape)"
        )
        // Whatever the precision, normalisation is computed in float32.
        let packed = unsafe PackedValues(count: 2 * channels, dtype: .float32, at: place) { [self] memory in
            unsafe copy(scale, to: memory, as: .float32)
            unsafe copy(shift, to: memory + channels * DType.float32.size, as: .float32)
        }
        return NormalizationWeights(channels: channels, packed: packed)
    }

    package func groupNorm(
        _ x: Tensor,
        _ weights: NormalizationWeights,
        groups: Int,
        epsilon: Float,
        activation: Activation
    ) -> Tensor {
        let channels = x.shape.channels
        precondition(x.shape.rank >= 2 && channels == weights.channels, "\(x.shape) into \(weights.channels) channels")
        precondition(groups > 0 && channels % groups == 0, "\(channels) channels in \(groups) groups")
        precondition(x.dtype == precision, "a tensor of another precision")
        let result = makeTensor(x.shape)
        guard x.shape.count > 0 else { return result }
        let rows = x.shape[0]
        let pixels = x.shape.count / (rows * channels)
        let coefficients = groupCoefficients(
            x,
            packedValues(weights.packed, of: .float32),
            rows: rows,
            pixels: pixels,
            groups: groups,
            epsilon: epsilon
        )

        nonisolated(unsafe) let kernels = unsafe instructionSet.normalization
        let type = precision.kernelType
        let step = Self.pixelsPerPiece(channels: channels)
        let pieces = (pixels - 1) / step + 1
        withExtendedLifetime(coefficients) {
            parallel(rows * pieces) { piece in
                let row = piece / pieces
                let first = piece % pieces * step
                let offset = (row * pixels + first) * channels * precision.size
                unsafe kernels.pointee.normalize(
                    result.pointer + offset,
                    x.pointer + offset,
                    coefficients.float32 + row * 3 * channels,
                    min(step, pixels - first),
                    channels,
                    type,
                    activation.kernelActivation
                )
            }
        }
        return result
    }

    /// What each row's pixels are to be scaled and shifted by: `[rows, 3, channels]` for the kernel `normalize`.
    private func groupCoefficients(
        _ x: Tensor,
        _ weights: PackedValues,
        rows: Int,
        pixels: Int,
        groups: Int,
        epsilon: Float
    ) -> CPUBuffer {
        // Fixed, and added up in order: the sums are the same however many threads there are.
        let chunk = 512
        let chunks = (pixels - 1) / chunk + 1
        let channels = x.shape.channels
        let type = precision.kernelType
        nonisolated(unsafe) let kernels = unsafe instructionSet.normalization
        let sums = pool.take(rows * chunks * 2 * channels * MemoryLayout<Double>.size)
        parallel(rows * chunks) { index in
            let first = index % chunks * chunk
            let offset = (index / chunks * pixels + first) * channels * precision.size
            unsafe kernels.pointee.channel_sums(
                sums.float64 + index * 2 * channels,
                x.pointer + offset,
                min(chunk, pixels - first),
                channels,
                type
            )
        }
        let coefficients = pool.take(rows * 3 * channels * MemoryLayout<Float>.size)
        withExtendedLifetime(sums) {
            parallel(rows) { row in
                unsafe ck_group_coefficients(
                    coefficients.float32 + row * 3 * channels,
                    sums.float64 + row * chunks * 2 * channels,
                    weights.float32(from: 0),
                    weights.float32(from: channels),
                    chunks,
                    pixels,
                    channels,
                    groups,
                    epsilon
                )
            }
        }
        return coefficients
    }

    package func layerNorm(_ x: Tensor, _ weights: NormalizationWeights, epsilon: Float) -> Tensor {
        let channels = x.shape.channels
        precondition(channels == weights.channels, "\(x.shape) into \(weights.channels) channels")
        precondition(x.dtype == precision, "a tensor of another precision")
        let result = makeTensor(x.shape)
        let packed = packedValues(weights.packed, of: .float32)
        nonisolated(unsafe) let kernels = unsafe instructionSet.normalization
        let type = precision.kernelType
        let pixels = x.shape.pixels
        let step = Self.pixelsPerPiece(channels: channels)
        parallel((pixels + step - 1) / step) { piece in
            let first = piece * step
            let offset = first * channels * precision.size
            unsafe kernels.pointee.layer(
                result.pointer + offset,
                x.pointer + offset,
                packed.float32(from: 0),
                packed.float32(from: channels),
                min(step, pixels - first),
                channels,
                epsilon,
                type
            )
        }
        return result
    }

    /// Pixels of a piece of work that is worth handing to a thread.
    private static func pixelsPerPiece(channels: Int) -> Int {
        max(1, (1 << 15) / channels)
    }
}

extension InstructionSet {
    var normalization: UnsafePointer<ck_normalization_kernels> {
        unsafe ck_normalization_for(ck_isa(numericCast(rawValue)))
    }
}

extension CPUBuffer {
    /// Scratch as float32.
    fileprivate var float32: UnsafeMutablePointer<Float> {
        unsafe pointer.assumingMemoryBound(to: Float.self)
    }

    /// Scratch as float64.
    fileprivate var float64: UnsafeMutablePointer<Double> {
        unsafe pointer.assumingMemoryBound(to: Double.self)
    }
}

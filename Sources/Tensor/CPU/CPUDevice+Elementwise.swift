// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func pack(embedding table: any HostTensor, at place: PackedPlace) -> EmbeddingWeights {
        precondition(table.shape.rank == 2 && table.shape.count > 0, "\(table.shape) is not [entries, channels]")
        let packed = unsafe PackedValues(count: table.shape.count, dtype: precision, at: place) { [self] memory in
            unsafe copy(table, to: memory, as: precision)
        }
        return EmbeddingWeights(entries: table.shape[0], channels: table.shape[1], packed: packed)
    }

    package func embed(_ tokens: [Int], _ table: EmbeddingWeights, positions: EmbeddingWeights) -> Tensor {
        let channels = table.channels
        precondition(positions.channels == channels, "\(channels) channels and positions of \(positions.channels)")
        precondition(
            tokens.allSatisfy { (0..<table.entries).contains($0) },
            "a token outside of 0..<\(table.entries)"
        )
        let result = makeTensor([tokens.count, channels])
        let entries = packedValues(table.packed, of: precision)
        let places = packedValues(positions.packed, of: precision)
        nonisolated(unsafe) let kernels = unsafe instructionSet.elementwise
        let size = channels * precision.size
        parallel(tokens.count) { index in
            unsafe kernels.pointee.add(
                result.pointer + index * size,
                entries.pointer + tokens[index] * size,
                places.pointer + index % positions.entries * size,
                channels,
                precision.kernelType
            )
        }
        return result
    }

    package func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        precondition(activation != .geglu, "GEGLU takes two values for each of its results")
        precondition(x.dtype == precision, "a tensor of another precision")
        let result = makeTensor(x.shape)
        nonisolated(unsafe) let kernels = unsafe instructionSet.elementwise
        let count = x.shape.count
        let step = 1 << 14
        parallel((count + step - 1) / step) { piece in
            let first = piece * step
            let offset = first * precision.size
            unsafe kernels.pointee.activate(
                result.pointer + offset,
                x.pointer + offset,
                min(step, count - first),
                precision.kernelType,
                activation.kernelActivation
            )
        }
        return result
    }

    package func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor {
        let shape = x.shape
        precondition(shape.rank == 4 && shape.count > 0, "\(shape) is not a picture")
        precondition(height > 0 && width > 0, "a picture of \(height) by \(width) pixels")
        precondition(x.dtype == precision, "a tensor of another precision")
        let result = makeTensor([shape[0], height, width, shape[3]])
        let pixel = shape[3] * precision.size
        parallel(shape[0] * height) { index in
            let row = index / height
            unsafe ck_upsample_nearest(
                result.pointer + row * height * width * pixel,
                x.pointer + row * shape[1] * shape[2] * pixel,
                index % height,
                1,
                height,
                width,
                shape[1],
                shape[2],
                pixel
            )
        }
        return result
    }

    package func concatenate(_ first: Tensor, _ second: Tensor) -> Tensor {
        let shape = first.shape
        precondition(
            shape.rank == second.shape.rank && shape.extents.dropLast() == second.shape.extents.dropLast(),
            "\(shape) beside \(second.shape)"
        )
        precondition(first.dtype == precision && second.dtype == precision, "tensors of another precision")
        let result = makeTensor(shape.with(channels: shape.channels + second.shape.channels))
        let sizes = (shape.channels * precision.size, second.shape.channels * precision.size)
        let pixels = shape.pixels
        let step = 128
        parallel((pixels + step - 1) / step) { piece in
            let start = piece * step
            unsafe ck_concatenate(
                result.pointer + start * (sizes.0 + sizes.1),
                first.pointer + start * sizes.0,
                second.pointer + start * sizes.1,
                min(step, pixels - start),
                sizes.0,
                sizes.1
            )
        }
        return result
    }
}

extension InstructionSet {
    var elementwise: UnsafePointer<ck_elementwise_kernels> {
        unsafe ck_elementwise_for(ck_isa(numericCast(rawValue)))
    }
}

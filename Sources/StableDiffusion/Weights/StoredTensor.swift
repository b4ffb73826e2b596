// SPDX-License-Identifier: Apache-2.0

import Tensor

/// A tensor in a weight file, of any element type: where it lies, not yet what it is for.
struct StoredTensor: Sendable {
    let file: MappedFile
    /// The name in the file.
    let name: String
    /// The element type as the file spells it.
    let type: String
    var shape: [Int]
    /// The bytes in the file, which are inside it and as many as the shape and type say.
    var range: Range<Int>

    /// The tensor for computing with, called `name` in messages.
    func view(as name: String) throws(WeightError) -> WeightView {
        guard let elementType = ElementType(rawValue: type) else {
            throw WeightError(file: file.path, tensor: name, .unsupportedType(type))
        }
        return WeightView(name: name, shape: Shape(shape), elementType: elementType, file: file, range: range)
    }

    /// One of `count` equal slices of the outermost axis, for projections that are stored as one matrix.
    func slice(_ index: Int, of count: Int) throws(WeightError) -> StoredTensor {
        guard let rows = shape.first, rows % count == 0 else {
            throw WeightError(
                file: file.path,
                tensor: name,
                .malformed("shape \(shape) does not divide into \(count) projections")
            )
        }
        var slice = self
        slice.shape[0] = rows / count
        let bytes = range.count / count
        slice.range = range.lowerBound + index * bytes..<range.lowerBound + (index + 1) * bytes
        return slice
    }

    /// The matrix a 1x1 convolution's weight `[N, C, 1, 1]` is; any other tensor unchanged.
    func withoutKernelAxes() -> StoredTensor {
        guard shape.count == 4, shape[2] == 1, shape[3] == 1 else { return self }
        var matrix = self
        matrix.shape.removeLast(2)
        return matrix
    }
}

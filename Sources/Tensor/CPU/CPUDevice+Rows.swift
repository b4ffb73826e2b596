// SPDX-License-Identifier: Apache-2.0

extension CPUDevice {
    package func stack(_ tensors: [Tensor]) -> Tensor {
        guard let first = tensors.first else { preconditionFailure("nothing to stack") }
        let inner = Shape(Array(first.shape.extents.dropFirst()))
        precondition(
            tensors.allSatisfy { $0.shape.extents.dropFirst() == first.shape.extents.dropFirst() },
            "cannot stack \(tensors.map(\.shape))"
        )
        let result = makeTensor(Shape([tensors.reduce(0) { $0 + $1.shape[0] }] + inner.extents))
        var offset = 0
        for tensor in tensors {
            let bytes = tensor.shape.count * precision.size
            unsafe (result.pointer + offset).copyMemory(from: tensor.pointer, byteCount: bytes)
            offset += bytes
        }
        return result
    }
}

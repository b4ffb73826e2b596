// SPDX-License-Identifier: Apache-2.0

/// A handle on activations in a device's memory.
///
/// Tensors are immutable once the operation that made them has returned; memory goes back to the device when the last
/// handle goes away. See ``Device`` for what can be done with one.
package struct Tensor: Sendable {
    package let shape: Shape
    package let dtype: DType
    /// The memory, of the kind that the device which made it understands.
    package let storage: any TensorStorage

    package init(shape: Shape, dtype: DType, storage: any TensorStorage) {
        self.shape = shape
        self.dtype = dtype
        self.storage = storage
    }

    /// The same elements under another shape of as many.
    package func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.count == self.shape.count, "cannot see \(self.shape) as \(shape)")
        return Tensor(shape: shape, dtype: dtype, storage: storage)
    }
}

/// A piece of device memory, released when the last reference goes away.
package protocol TensorStorage: AnyObject, Sendable {
    /// Bytes that can be used.
    var byteCount: Int { get }
}

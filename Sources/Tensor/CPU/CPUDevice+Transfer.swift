// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func upload(_ values: [Float], shape: Shape) -> Tensor {
        precondition(values.count == shape.count, "\(values.count) values for \(shape)")
        let tensor = makeTensor(shape)
        unsafe values.withUnsafeBufferPointer { values in
            guard let first = values.baseAddress else { return }
            unsafe ck_convert(kernels, tensor.pointer, precision.kernelType, first, CK_F32, values.count)
        }
        return tensor
    }

    package func download(_ tensor: Tensor) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: tensor.shape.count) { buffer, count in
            count = tensor.shape.count
            guard let first = buffer.baseAddress else { return }
            unsafe ck_convert(kernels, first, CK_F32, tensor.pointer, tensor.dtype.kernelType, count)
        }
    }
}

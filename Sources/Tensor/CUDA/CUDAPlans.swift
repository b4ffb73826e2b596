// SPDX-License-Identifier: Apache-2.0

import CCUDA

/// How products and convolutions of the shapes seen so far are computed.
///
/// Chosen by the libraries' rules for each shape, without trial runs: every process chooses the same.
@safe struct CUDAPlans {
    /// A product's shape; see `cc_product_shape`.
    struct Product: Hashable {
        var rows: Int
        var columns: Int
        var depth: Int
        /// The rows that the algorithm is chosen for; see ``CUDADevice/usualRows(_:of:)``.
        var usualRows: Int
        var strides: [Int]
        var isTransposed = true
        var hasBias = false
        var hasResidual = false
        var isFloatResult = false
        var batch = 1
        var batchStrides = [0, 0, 0]
    }

    /// A convolution's shape; see `cc_convolution_shape`.
    struct Convolution: Hashable {
        var input: Shape
        /// The rows that the algorithm is chosen for; see ``CUDADevice/usualRows(_:of:)``.
        var usualRows: Int
        var outputs: Int
        var kernel: Int
        var geometry: ConvolutionGeometry
    }

    private var products: [Product: OpaquePointer] = unsafe [:]
    private var convolutions: [Convolution: OpaquePointer] = unsafe [:]

    mutating func product(_ key: Product, type: cc_type, on handle: CUDAHandle) -> OpaquePointer {
        if let found = unsafe products[key] { return unsafe found }
        var shape = cc_product_shape(
            type: type,
            result: key.isFloatResult ? CC_FLOAT32 : type,
            rows: key.rows.int64,
            columns: key.columns.int64,
            depth: key.depth.int64,
            usual_rows: key.usualRows.int64,
            x_stride: key.strides[0].int64,
            w_stride: key.strides[1].int64,
            y_stride: key.strides[2].int64,
            is_transposed: key.isTransposed,
            has_bias: key.hasBias,
            has_residual: key.hasResidual,
            batch: key.batch.int64,
            x_batch_stride: key.batchStrides[0].int64,
            w_batch_stride: key.batchStrides[1].int64,
            y_batch_stride: key.batchStrides[2].int64
        )
        var made: OpaquePointer?
        unsafe must(cc_make_product(handle.pointer, &shape, &made))
        guard let made = unsafe made else { fatalError("CUDA: \(CUDAError.last)") }
        unsafe products[key] = made
        return unsafe made
    }

    mutating func convolution(_ key: Convolution, type: cc_type, on handle: CUDAHandle) -> OpaquePointer {
        if let found = unsafe convolutions[key] { return unsafe found }
        var shape = cc_convolution_shape(
            type: type,
            rows: key.input[0].int64,
            height: key.input[1].int64,
            width: key.input[2].int64,
            inputs: key.input[3].int64,
            outputs: key.outputs.int64,
            kernel: key.kernel.int64,
            stride: key.geometry.stride.int64,
            usual_rows: key.usualRows.int64,
            leading: key.geometry.leading.int64,
            trailing: key.geometry.trailing.int64
        )
        var made: OpaquePointer?
        unsafe must(cc_make_convolution(handle.pointer, &shape, &made))
        guard let made = unsafe made else { fatalError("CUDA: \(CUDAError.last)") }
        unsafe convolutions[key] = made
        return unsafe made
    }
}

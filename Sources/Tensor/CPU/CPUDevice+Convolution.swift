// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func convolution(
        _ x: Tensor,
        _ weights: ConvolutionWeights,
        geometry: ConvolutionGeometry,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor {
        precondition(
            x.shape.rank == 4 && x.shape.channels == weights.inputs,
            "\(x.shape) into a convolution of \(weights.inputs) inputs"
        )
        var picture = Picture(height: x.shape[1], width: x.shape[2])
        let shape: Shape = [
            x.shape[0],
            geometry.outputExtent(picture.height, kernel: weights.kernel),
            geometry.outputExtent(picture.width, kernel: weights.kernel),
            weights.outputs,
        ]
        if weights.kernel == 1, geometry == ConvolutionGeometry() {
            // A matrix product: pixels in one line need no rows kept whole.
            picture = Picture(height: 1, width: x.shape.pixels)
        }
        return product(
            x,
            picture,
            weights.packed,
            kernel: weights.kernel,
            geometry: geometry,
            shape: shape,
            activation: .none,
            rowBias: rowBias,
            residual: residual
        )
    }

    /// The extents that a kernel moves over.
    struct Picture {
        var height: Int
        var width: Int
    }

    /// `activation(conv(x) + b + rowBias) + residual`, of which a linear layer is a special case.
    func product(
        _ x: Tensor,
        _ picture: Picture,
        _ weights: any PackedWeights,
        kernel: Int,
        geometry: ConvolutionGeometry,
        shape: Shape,
        activation: Activation,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor {
        guard let packed = weights as? PackedPanels else {
            preconditionFailure("weights of another device were given to the CPU")
        }
        precondition(x.dtype == precision && packed.panels.type == precision.kernelType, "a product of two precisions")
        precondition(
            residual.map { $0.dtype == precision && $0.shape == shape } ?? true,
            "a residual that is not \(shape)"
        )
        precondition(
            rowBias.map { $0.dtype == precision && $0.shape.count == shape[0] * shape.channels } ?? true,
            "a row bias that does not fit \(shape)"
        )
        let outputHeight = geometry.outputExtent(picture.height, kernel: kernel)
        let outputWidth = geometry.outputExtent(picture.width, kernel: kernel)
        let algorithm = algorithm(
            kernel: kernel,
            geometry: geometry,
            panels: packed.panels,
            height: outputHeight,
            width: outputWidth
        )
        let split = ProductSplit(pixels: shape.pixels, panels: packed.count, threads: threads)
        let widens = unsafe algorithm == .direct && ck_convolution_widens(kernels, packed.panels)
        let input = widens && split.isInputShared ? widened(x) : x
        let result = makeTensor(shape)
        // Safe: constant, and no two pieces of the result overlap.
        nonisolated(unsafe) let operation = unsafe ck_convolution(
            input: input.pointer,
            input_type: input.dtype.kernelType,
            height: picture.height,
            width: picture.width,
            upsamples: geometry.upsamples,
            output_height: outputHeight,
            output_width: outputWidth,
            kernel: kernel,
            stride: geometry.stride,
            leading: geometry.leading,
            panels: packed.panels,
            weights: packed.weights,
            epilogue: ck_epilogue(
                output: result.pointer,
                residual: residual?.pointer,
                row_bias: rowBias?.pointer,
                rows_per_bias: max(1, shape.pixels / max(1, shape[0])),
                bias: packed.bias,
                channels: shape.channels,
                type: precision.kernelType,
                activation: activation.kernelActivation
            )
        )
        withExtendedLifetime((input, residual, rowBias, packed, result)) {
            switch algorithm {
            case .direct:
                parallel(split.count) { index in
                    unsafe convolve(operation, pixels: split.pixels(index), panels: split.panels(index))
                }
            case .winograd(let form):
                unsafe winograd(operation, form: form, rows: shape[0])
            }
        }
        return result
    }

    /// One piece of a convolution's result.
    private func convolve(_ operation: ck_convolution, pixels: Range<Int>, panels: Range<Int>) {
        unsafe withUnsafePointer(to: operation) { operation in
            let scratch = unsafe ck_convolution_scratch(kernels, operation, pixels.lowerBound, pixels.upperBound)
            unsafe pool.withScratch(scratch) { scratch in
                unsafe ck_convolve(
                    kernels,
                    operation,
                    pixels.lowerBound,
                    pixels.upperBound,
                    panels.lowerBound,
                    panels.upperBound,
                    scratch
                )
            }
        }
    }

    /// The same elements in float32.
    private func widened(_ x: Tensor) -> Tensor {
        let result = Tensor(shape: x.shape, dtype: .float32, storage: pool.take(x.shape.count * DType.float32.size))
        let piece = 1 << 16
        parallel((x.shape.count + piece - 1) / piece) { index in
            let start = index * piece
            unsafe ck_convert(
                kernels,
                result.pointer + start * DType.float32.size,
                CK_F32,
                x.pointer + start * x.dtype.size,
                x.dtype.kernelType,
                min(piece, x.shape.count - start)
            )
        }
        return result
    }
}

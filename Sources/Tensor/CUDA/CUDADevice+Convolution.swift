// SPDX-License-Identifier: Apache-2.0

import CCUDA

extension CUDADevice {
    package func convolution(
        _ x: Tensor,
        _ weights: ConvolutionWeights,
        geometry: ConvolutionGeometry,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor {
        let shape = x.shape
        precondition(shape.rank == 4 && shape[3] == weights.inputs, "\(shape) into \(weights.inputs) inputs")
        if geometry.upsamples {
            return convolution(
                upsampleNearest(x, height: 2 * shape[1], width: 2 * shape[2]),
                weights,
                geometry: geometry.afterUpsampling,
                rowBias: rowBias,
                residual: residual
            )
        }
        let height = geometry.outputExtent(shape[1], kernel: weights.kernel)
        let width = geometry.outputExtent(shape[2], kernel: weights.kernel)
        let result = makeTensor([shape[0], height, width, weights.outputs])
        if weights.kernel == 1, geometry == ConvolutionGeometry() {
            multiply(
                x.address,
                weights.packed,
                rows: shape.pixels,
                usualRows: usualRows(shape.pixels, of: shape[0]),
                depth: weights.inputs,
                columns: weights.outputs,
                residual: residual,
                into: result.address
            )
            if let rowBias { addBias(result, rows: shape[0], bias: 0, rowBias: rowBias, residual: nil, into: result) }
            return result
        }
        precondition(weights.kernel > 1, "a 1x1 convolution that skips or adds pixels")

        // 1. Channels and pixels as the engines want them
        var (input, geometry) = (x, geometry)
        if padded(weights.inputs) != weights.inputs { input = padChannels(input, to: padded(weights.inputs)) }
        if geometry.leading != geometry.trailing {
            input = padPixels(input, geometry)
            geometry = ConvolutionGeometry(stride: geometry.stride)
        }

        // 2. The sums, then what is added to them
        let outputs = padded(weights.outputs)
        let sums = outputs == weights.outputs ? result : makeTensor([shape[0], height, width, outputs])
        let key = CUDAPlans.Convolution(
            input: input.shape,
            usualRows: Self.usualRows,
            outputs: outputs,
            kernel: weights.kernel,
            geometry: geometry
        )
        let plan = unsafe plans.convolution(key, type: precision.cudaType, on: handle)
        let (kernel, bias, _) = addresses(weights.packed)
        unsafe must(cc_convolve(handle.pointer, plan, input.address, kernel, sums.address))
        addBias(sums, rows: shape[0], bias: bias, rowBias: rowBias, residual: residual, into: result)
        return result
    }

    /// `y = x + bias + rowBias + residual`; `x` may have more channels than `y`, and be `y`.
    func addBias(
        _ x: Tensor,
        rows: Int,
        bias: cc_address,
        rowBias: Tensor?,
        residual: Tensor?,
        into y: Tensor
    ) {
        let pixels = y.shape.pixels / rows
        kernels.launch(
            .addBias,
            grid: cc_extent(blocks(pixels * vectors(y.shape.channels)), rows),
            block: 256,
            x.address,
            x.shape.channels.int32,
            bias,
            rowBias?.address ?? 0,
            residual?.address ?? 0,
            y.address,
            pixels.int32,
            y.shape.channels.int32
        )
    }

    private func padChannels(_ x: Tensor, to channels: Int) -> Tensor {
        let result = makeTensor(x.shape.with(channels: channels))
        kernels.launch(
            .padChannels,
            grid: cc_extent(blocks(result.shape.count)),
            block: 256,
            x.address,
            result.address,
            x.shape.pixels.int64,
            x.shape.channels.int32,
            channels.int32
        )
        return result
    }

    private func padPixels(_ x: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
        let shape = x.shape
        let margin = geometry.leading + geometry.trailing
        let result = makeTensor([shape[0], shape[1] + margin, shape[2] + margin, shape[3]])
        kernels.launch(
            .padPixels,
            grid: cc_extent(blocks(result.shape.count / shape[0]), shape[0]),
            block: 256,
            x.address,
            result.address,
            shape[1].int32,
            shape[2].int32,
            shape[3].int32,
            geometry.leading.int32,
            result.shape[1].int32,
            result.shape[2].int32
        )
        return result
    }
}

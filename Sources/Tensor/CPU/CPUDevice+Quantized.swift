// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    /// Packs `[outputs, inputs]` as 8-bit integers.
    func quantize(
        _ weight: any HostTensor,
        bias: (any HostTensor)?,
        isGated: Bool,
        at place: PackedPlace
    ) -> QuantizedPanels {
        let panels = ck_panels(
            outputs: weight.shape[0],
            inputs: weight.shape[1],
            taps: 1,
            gated: isGated,
            type: CK_S8
        )
        return QuantizedPanels(panels, at: place) { [self] parts in
            unsafe pack(bias, as: panels, to: parts.bias)
            // Safe: written in panels that do not overlap.
            nonisolated(unsafe) let parts = parts
            let scratch = ck_int8_packing_scratch(panels)
            unsafe forEachPanel(of: weight, as: panels, scratch: scratch) { panel, source, scratch in
                unsafe ck_int8_pack(
                    kernels,
                    parts.weights,
                    parts.scales,
                    parts.sums,
                    source,
                    weight.elementType.kernelType,
                    panels,
                    panel,
                    panel + 1,
                    scratch
                )
            }
        }
    }

    /// `activation(x · Wᵀ + b) + residual` of 8-bit integers.
    func product(
        _ x: Tensor,
        _ weights: QuantizedPanels,
        shape: Shape,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        precondition(x.dtype == precision, "a product of two precisions")
        precondition(
            residual.map { $0.dtype == precision && $0.shape == shape } ?? true,
            "a residual that is not \(shape)"
        )
        nonisolated(unsafe) let int8 = unsafe instructionSet.int8
        let rows = quantizedRows(x)
        let result = makeTensor(shape)
        // Safe: constant, and no two pieces of the result overlap.
        nonisolated(unsafe) let operation = unsafe ck_int8_product(
            rows: rows.elements.pointer,
            row_scales: UnsafePointer(rows.scales.pointer.assumingMemoryBound(to: Float.self)),
            panels: weights.panels,
            weights: weights.weights,
            column_scales: weights.scales,
            column_sums: weights.sums,
            epilogue: ck_epilogue(
                output: result.pointer,
                residual: residual?.pointer,
                row_bias: nil,
                rows_per_bias: 1,
                bias: weights.bias,
                channels: shape.channels,
                type: precision.kernelType,
                activation: activation.kernelActivation
            )
        )
        let split = ProductSplit(pixels: shape.pixels, panels: weights.count, threads: threads)
        withExtendedLifetime((x, residual, weights, rows, result)) {
            parallel(split.count) { index in
                let (pixels, panels) = (split.pixels(index), split.panels(index))
                unsafe pool.withScratch(ck_int8_scratch(pixels.count)) { scratch in
                    unsafe withUnsafePointer(to: operation) { operation in
                        unsafe ck_int8_multiply(
                            kernels,
                            int8,
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
        }
        return result
    }

    /// Each row of `x` as 8-bit integers, and its scale.
    private func quantizedRows(_ x: Tensor) -> (elements: CPUBuffer, scales: CPUBuffer) {
        nonisolated(unsafe) let int8 = unsafe instructionSet.int8
        let (rows, inputs) = (x.shape.pixels, x.shape.channels)
        let rowSize = unsafe ck_int8_depth(inputs) * int8.pointee.activation_size
        let elements = pool.take(rows * rowSize)
        let scales = pool.take(rows * MemoryLayout<Float>.size)
        let step = max(1, (1 << 15) / inputs)
        let type = precision.kernelType
        parallel((rows + step - 1) / step) { piece in
            for row in piece * step..<min(rows, (piece + 1) * step) {
                let scale = unsafe int8.pointee.quantize(
                    elements.pointer + row * rowSize,
                    x.pointer + row * inputs * precision.size,
                    inputs,
                    type
                )
                unsafe scales.pointer.storeBytes(of: scale, toByteOffset: row * 4, as: Float.self)
            }
        }
        return (elements, scales)
    }
}

extension InstructionSet {
    var int8: UnsafePointer<ck_int8_kernels> {
        unsafe ck_int8_for(ck_isa(numericCast(rawValue)))
    }
}

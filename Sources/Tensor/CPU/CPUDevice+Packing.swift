// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func pack(
        linear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        LinearWeights(
            inputs: weight.shape[1],
            outputs: weight.shape[0],
            isGated: false,
            packed: pack(linear: weight, bias, isGated: false, isQuantizable: isQuantizable, at: place)
        )
    }

    package func pack(
        gatedLinear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        LinearWeights(
            inputs: weight.shape[1],
            outputs: weight.shape[0] / 2,
            isGated: true,
            packed: pack(linear: weight, bias, isGated: true, isQuantizable: isQuantizable, at: place)
        )
    }

    private func pack(
        linear weight: any HostTensor,
        _ bias: (any HostTensor)?,
        isGated: Bool,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> any PackedWeights {
        isQuantizable && arithmetic == .int8
            ? quantize(weight, bias: bias, isGated: isGated, at: place)
            : pack(weight, bias: bias, taps: 1, isGated: isGated, at: place)
    }

    package func pack(
        convolution weight: any HostTensor,
        bias: (any HostTensor)?,
        at place: PackedPlace
    ) -> ConvolutionWeights {
        let shape = weight.shape
        precondition(shape.rank == 4 && shape[2] == shape[3], "\(shape) is not [outputs, inputs, kernel, kernel]")
        precondition((1...11).contains(shape[2]), "a convolution of kernel \(shape[2])")
        let packed = pack(weight, bias: bias, taps: shape[2] * shape[3], isGated: false, at: place)
        return ConvolutionWeights(
            inputs: packed.panels.inputs,
            outputs: packed.panels.outputs,
            kernel: shape[2],
            packed: packed
        )
    }

    /// Packs `[outputs, inputs, taps…]`.
    private func pack(
        _ weight: any HostTensor,
        bias: (any HostTensor)?,
        taps: Int,
        isGated: Bool,
        at place: PackedPlace
    ) -> PackedPanels {
        let shape = weight.shape
        // A 1x1 convolution's weight serves as a linear layer's, so trailing axes of 1 are fine.
        precondition(
            shape.rank >= 2 && shape.count > 0 && shape.count == shape[0] * shape[1] * taps,
            "cannot pack \(shape)"
        )
        precondition(!isGated || shape[0] % 2 == 0, "gated weights come in halves, not \(shape[0])")
        precondition(bias.map { $0.shape.count == shape[0] } ?? true, "a bias that does not fit \(shape)")
        let panels = ck_panels(
            outputs: shape[0],
            inputs: shape[1],
            taps: taps,
            gated: isGated,
            type: precision.kernelType
        )
        return unsafe PackedPanels(panels, at: place) { [self] weights, biases in
            unsafe pack(weight, as: panels, to: weights)
            unsafe pack(bias, as: panels, to: biases)
        }
    }

    /// Writes the panels.
    private func pack(_ weight: any HostTensor, as panels: ck_panels, to out: UnsafeMutableRawPointer) {
        // Safe: written in panels that do not overlap.
        nonisolated(unsafe) let out = unsafe out
        unsafe forEachPanel(of: weight, as: panels, scratch: ck_packing_scratch()) { panel, source, scratch in
            unsafe ck_pack_panels(
                kernels,
                out,
                source,
                weight.elementType.kernelType,
                panels,
                panel,
                panel + 1,
                scratch
            )
        }
    }

    /// Calls `body` for each panel, on every thread, with the whole weight and `scratch` bytes, and then lets the weight go.
    func forEachPanel(
        of weight: any HostTensor,
        as panels: ck_panels,
        scratch: Int,
        _ body: @Sendable (_ panel: Int, _ source: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer) -> Void
    ) {
        weight.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                precondition(
                    bytes.count == weight.shape.count * weight.elementType.size,
                    "a weight of another size"
                )
                guard let first = bytes.baseAddress else { return }
                // Safe: only read.
                nonisolated(unsafe) let source = unsafe first
                parallel(ck_panel_count(panels)) { panel in
                    unsafe pool.withScratch(scratch) { unsafe body(panel, source, $0) }
                }
            }
        }
        weight.release()
    }

    /// Writes a bias in the order of the panels' columns: zeros where there is none.
    func pack(_ bias: (any HostTensor)?, as panels: ck_panels, to out: UnsafeMutablePointer<Float>) {
        guard let bias else {
            unsafe ck_pack_bias(kernels, out, nil, CK_F32, panels)
            return
        }
        bias.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                precondition(bytes.count == panels.outputs * bias.elementType.size, "a bias of another size")
                unsafe ck_pack_bias(kernels, out, bytes.baseAddress, bias.elementType.kernelType, panels)
            }
        }
        bias.release()
    }
}

// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func pack(linear weight: any HostTensor, bias: (any HostTensor)?) -> LinearWeights {
        let packed = pack(weight, bias: bias, taps: 1, isGated: false)
        return LinearWeights(
            inputs: packed.panels.inputs,
            outputs: packed.panels.outputs,
            isGated: false,
            packed: packed
        )
    }

    package func pack(gatedLinear weight: any HostTensor, bias: (any HostTensor)?) -> LinearWeights {
        let packed = pack(weight, bias: bias, taps: 1, isGated: true)
        return LinearWeights(
            inputs: packed.panels.inputs,
            outputs: packed.panels.outputs / 2,
            isGated: true,
            packed: packed
        )
    }

    package func pack(convolution weight: any HostTensor, bias: (any HostTensor)?) -> ConvolutionWeights {
        let shape = weight.shape
        precondition(shape.rank == 4 && shape[2] == shape[3], "\(shape) is not [outputs, inputs, kernel, kernel]")
        precondition((1...11).contains(shape[2]), "a convolution of kernel \(shape[2])")
        let packed = pack(weight, bias: bias, taps: shape[2] * shape[3], isGated: false)
        return ConvolutionWeights(
            inputs: packed.panels.inputs,
            outputs: packed.panels.outputs,
            kernel: shape[2],
            packed: packed
        )
    }

    /// Packs `[outputs, inputs, taps…]`, a panel at a time on every thread.
    private func pack(
        _ weight: any HostTensor,
        bias: (any HostTensor)?,
        taps: Int,
        isGated: Bool
    ) -> PackedPanels {
        let shape = weight.shape
        // A 1x1 convolution's weight serves as a linear layer's, so trailing axes of 1 are fine.
        precondition(
            shape.rank >= 2 && shape.count > 0 && shape.count == shape[0] * shape[1] * taps,
            "cannot pack \(shape)"
        )
        precondition(!isGated || shape[0] % 2 == 0, "gated weights come in halves, not \(shape[0])")
        precondition(bias.map { $0.shape.count == shape[0] } ?? true, "a bias that does not fit \(shape)")
        let packed = PackedPanels(
            ck_panels(
                outputs: shape[0],
                inputs: shape[1],
                taps: taps,
                gated: isGated,
                type: precision.kernelType
            )
        )
        weight.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                precondition(bytes.count == shape.count * weight.elementType.size, "a weight of another size")
                guard let first = bytes.baseAddress else { return }
                // Safe: only read.
                nonisolated(unsafe) let source = unsafe first
                parallel(packed.count) { panel in
                    unsafe pool.withScratch(ck_packing_scratch()) { scratch in
                        unsafe ck_pack_panels(
                            kernels,
                            packed.weights,
                            source,
                            weight.elementType.kernelType,
                            packed.panels,
                            panel,
                            panel + 1,
                            scratch
                        )
                    }
                }
            }
        }
        guard let bias else {
            unsafe ck_pack_bias(kernels, packed.bias, nil, CK_F32, packed.panels)
            return packed
        }
        bias.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                precondition(bytes.count == shape[0] * bias.elementType.size, "a bias of another size")
                unsafe ck_pack_bias(
                    kernels,
                    packed.bias,
                    bytes.baseAddress,
                    bias.elementType.kernelType,
                    packed.panels
                )
            }
        }
        return packed
    }
}

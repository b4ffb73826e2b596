// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func linear(
        _ x: Tensor,
        _ weights: LinearWeights,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        precondition(x.shape.channels == weights.inputs, "\(x.shape) into a linear layer of \(weights.inputs) inputs")
        precondition(weights.isGated == (activation == .geglu), "gated weights and .geglu belong together")
        if let packed = weights.packed as? QuantizedPanels {
            return product(
                x,
                packed,
                shape: x.shape.with(channels: weights.outputs),
                activation: activation,
                residual: residual
            )
        }
        return product(
            x,
            Picture(height: 1, width: x.shape.pixels),
            weights.packed,
            kernel: 1,
            geometry: ConvolutionGeometry(),
            shape: x.shape.with(channels: weights.outputs),
            activation: activation,
            rowBias: nil,
            residual: residual
        )
    }
}

extension Activation {
    /// The kernels' name for this activation.
    var kernelActivation: ck_activation {
        switch self {
        case .none: CK_NONE
        case .silu: CK_SILU
        case .gelu: CK_GELU
        case .geglu: CK_GEGLU
        }
    }
}

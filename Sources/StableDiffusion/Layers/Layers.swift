// SPDX-License-Identifier: Apache-2.0

import Tensor

/// A linear layer over the last axis.
struct Linear: Sendable {
    let device: any Device
    let weights: LinearWeights

    /// `activation(x · Wᵀ + b) + residual`; `.geglu` for layers made by ``LayerBuilder/gatedLinear(_:_:_:)``.
    func callAsFunction(_ x: Tensor, activation: Activation = .none, adding residual: Tensor? = nil) -> Tensor {
        device.linear(x, weights, activation: activation, residual: residual)
    }
}

/// Several linear layers with one input.
struct Linears: Sendable {
    let device: any Device
    let group: LinearGroup

    func callAsFunction(_ x: Tensor) -> [Tensor] {
        device.linears(x, group)
    }
}

/// A square convolution over `[rows, height, width, channels]`.
struct Convolution: Sendable {
    let device: any Device
    let weights: ConvolutionWeights
    let geometry: ConvolutionGeometry

    /// `conv(x) + b + rowBias + residual`; `rowBias` is `[rows, outputs]`.
    func callAsFunction(_ x: Tensor, rowBias: Tensor? = nil, adding residual: Tensor? = nil) -> Tensor {
        device.convolution(x, weights, geometry: geometry, rowBias: rowBias, residual: residual)
    }
}

/// Group normalisation with statistics per row and group.
struct GroupNorm: Sendable {
    let device: any Device
    let weights: NormalizationWeights
    let groups: Int
    let epsilon: Float

    func callAsFunction(_ x: Tensor, activation: Activation = .none) -> Tensor {
        device.groupNorm(x, weights, groups: groups, epsilon: epsilon, activation: activation)
    }
}

/// Layer normalisation over the last axis.
struct LayerNorm: Sendable {
    let device: any Device
    let weights: NormalizationWeights
    let epsilon: Float

    func callAsFunction(_ x: Tensor) -> Tensor {
        device.layerNorm(x, weights, epsilon: epsilon)
    }
}

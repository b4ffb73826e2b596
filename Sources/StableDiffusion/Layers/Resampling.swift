// SPDX-License-Identifier: Apache-2.0

import Tensor

/// A convolution at stride 2: diffusers' `Downsample2D`.
struct Downsample: Sendable {
    private let conv: Convolution

    /// - Parameter isAsymmetric: pad below and to the right only, as the autoencoder's encoder does.
    init(_ layers: LayerBuilder, _ channels: Int, isAsymmetric: Bool) throws(WeightError) {
        let geometry = ConvolutionGeometry(stride: 2, leading: isAsymmetric ? 0 : 1, trailing: 1)
        conv = try layers.convolution("downsamplers.0.conv", channels, channels, geometry: geometry)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        conv(x)
    }
}

/// Nearest-neighbour upsampling and a convolution: diffusers' `Upsample2D`.
struct Upsample: Sendable {
    private let conv: Convolution

    init(_ layers: LayerBuilder, _ channels: Int) throws(WeightError) {
        let geometry = ConvolutionGeometry(leading: 1, trailing: 1, upsamples: true)
        conv = try layers.convolution("upsamplers.0.conv", channels, channels, geometry: geometry)
    }

    /// The picture at the given extents: twice those of `x`, or one less.
    func callAsFunction(_ x: Tensor, height: Int, width: Int) -> Tensor {
        if height == 2 * x.shape[1], width == 2 * x.shape[2] { return conv(x) }
        let (device, geometry) = (conv.device, conv.geometry.afterUpsampling)
        let enlarged = device.upsampleNearest(x, height: height, width: width)
        return device.convolution(enlarged, conv.weights, geometry: geometry, rowBias: nil, residual: nil)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Tensor

/// Two normalised convolutions around a shortcut: diffusers' `ResnetBlock2D`, of the UNet and of the autoencoder.
struct ResidualBlock: Sendable {
    private let device: any Device
    private let norm1: GroupNorm
    private let conv1: Convolution
    private let timeProjection: Linear?
    private let norm2: GroupNorm
    private let conv2: Convolution
    private let shortcut: Convolution?

    /// - Parameter timeChannels: width of the time embedding; nil in the autoencoder, which has none.
    init(
        _ layers: LayerBuilder,
        _ inputs: Int,
        _ outputs: Int,
        groups: Int,
        epsilon: Float,
        timeChannels: Int? = nil
    ) throws(WeightError) {
        device = layers.device
        norm1 = try layers.groupNorm("norm1", inputs, groups: groups, epsilon: epsilon)
        conv1 = try layers.convolution("conv1", inputs, outputs)
        if let timeChannels {
            timeProjection = try layers.linear("time_emb_proj", timeChannels, outputs)
        } else {
            timeProjection = nil
        }
        norm2 = try layers.groupNorm("norm2", outputs, groups: groups, epsilon: epsilon)
        conv2 = try layers.convolution("conv2", outputs, outputs)
        shortcut = inputs == outputs ? nil : try layers.convolution("conv_shortcut", inputs, outputs, kernel: 1)
    }

    /// - Parameters:
    ///   - x: `[rows, height, width, inputs]`.
    ///   - time: `[rows, timeChannels]`, the time embedding after its SiLU, which every block would apply alike; it may have
    ///     fewer rows, see ``UNet/callAsFunction(_:timesteps:conditioning:)``.
    func callAsFunction(_ x: Tensor, time: Tensor? = nil) -> Tensor {
        let rowBias = time.flatMap { time in timeProjection?(time) }.map { device.repeated($0, rows: x.shape[0]) }
        let hidden = conv1(norm1(x, activation: .silu), rowBias: rowBias)
        return conv2(norm2(hidden, activation: .silu), adding: shortcut?(x) ?? x)
    }
}

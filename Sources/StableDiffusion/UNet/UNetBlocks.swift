// SPDX-License-Identifier: Apache-2.0

import Tensor

/// A residual block, and a look at the prompt where the level has one.
struct UNetLayer: Sendable {
    let residual: ResidualBlock
    let transformer: TransformerBlock?

    /// `prompts` gives each transformer of the network its keys and values, in the order of the forward pass.
    func callAsFunction(_ x: Tensor, time: Tensor, prompts: inout Conditioning.Cursor) -> Tensor {
        let hidden = residual(x, time: time)
        return transformer.map { $0(hidden, prompt: prompts.next()) } ?? hidden
    }
}

/// One level on the way down: diffusers' `DownBlock2D` and `CrossAttnDownBlock2D`.
struct DownBlock: Sendable {
    let layers: [UNetLayer]
    let downsample: Downsample?

    init(_ builder: LayerBuilder, level: Int, configuration: UNetConfiguration) throws(WeightError) {
        let channels = configuration.blockChannels
        let outputs = channels[level]
        let last = level == channels.count - 1
        var layers: [UNetLayer] = []
        for index in 0..<configuration.layersPerBlock {
            let inputs = index == 0 ? channels[max(level - 1, 0)] : outputs
            layers.append(
                try UNetLayer(
                    builder,
                    index,
                    inputs,
                    outputs,
                    level: level,
                    hasTransformer: configuration.downLevelHasTransformer[level],
                    configuration: configuration
                )
            )
        }
        self.layers = layers
        downsample = last ? nil : try Downsample(builder, outputs, isAsymmetric: false)
    }

    /// Appends what the way up will need to `skips`.
    func callAsFunction(_ x: Tensor, time: Tensor, prompts: inout Conditioning.Cursor, skips: inout [Tensor]) -> Tensor
    {
        var hidden = x
        for layer in layers {
            hidden = layer(hidden, time: time, prompts: &prompts)
            skips.append(hidden)
        }
        if let downsample {
            hidden = downsample(hidden)
            skips.append(hidden)
        }
        return hidden
    }
}

/// The deepest level: diffusers' `UNetMidBlock2DCrossAttn`.
struct MidBlock: Sendable {
    let first: UNetLayer
    let second: ResidualBlock

    init(_ builder: LayerBuilder, configuration: UNetConfiguration) throws(WeightError) {
        let level = configuration.blockChannels.count - 1
        let channels = configuration.blockChannels[level]
        first = try UNetLayer(
            builder,
            0,
            channels,
            channels,
            level: level,
            hasTransformer: true,
            configuration: configuration
        )
        second = try ResidualBlock(builder.scope("resnets", 1), channels, channels, configuration: configuration)
    }

    func callAsFunction(_ x: Tensor, time: Tensor, prompts: inout Conditioning.Cursor) -> Tensor {
        second(first(x, time: time, prompts: &prompts), time: time)
    }
}

/// One level on the way up: diffusers' `UpBlock2D` and `CrossAttnUpBlock2D`.
struct UpBlock: Sendable {
    let device: any Device
    let layers: [UNetLayer]
    let upsample: Upsample?

    /// - Parameter level: counted from the deepest.
    init(_ builder: LayerBuilder, level: Int, configuration: UNetConfiguration) throws(WeightError) {
        let channels = Array(configuration.blockChannels.reversed())
        let outputs = channels[level]
        let below = channels[max(level - 1, 0)]
        let above = channels[min(level + 1, channels.count - 1)]
        let count = configuration.layersPerBlock + 1
        device = builder.device
        var layers: [UNetLayer] = []
        for index in 0..<count {
            let hidden = index == 0 ? below : outputs
            let skip = index == count - 1 ? above : outputs
            layers.append(
                try UNetLayer(
                    builder,
                    index,
                    hidden + skip,
                    outputs,
                    level: channels.count - 1 - level,
                    hasTransformer: configuration.upLevelHasTransformer[level],
                    configuration: configuration
                )
            )
        }
        self.layers = layers
        upsample = level == channels.count - 1 ? nil : try Upsample(builder, outputs)
    }

    /// Takes from the end of `skips` what the way down left there.
    func callAsFunction(_ x: Tensor, time: Tensor, prompts: inout Conditioning.Cursor, skips: inout [Tensor]) -> Tensor
    {
        var hidden = x
        for layer in layers {
            hidden = layer(device.concatenate(hidden, skips.removeLast()), time: time, prompts: &prompts)
        }
        // Odd sizes round up on the way down, so the size to return to is the next skip's, not twice the present one.
        guard let upsample, let target = skips.last?.shape else { return hidden }
        return upsample(hidden, height: target[1], width: target[2])
    }
}

extension UNetLayer {
    /// - Parameter level: counted from the shallowest; it has its own number of heads.
    init(
        _ builder: LayerBuilder,
        _ index: Int,
        _ inputs: Int,
        _ outputs: Int,
        level: Int,
        hasTransformer: Bool,
        configuration: UNetConfiguration
    ) throws(WeightError) {
        residual = try ResidualBlock(
            builder.scope("resnets", index),
            inputs,
            outputs,
            configuration: configuration
        )
        guard hasTransformer else {
            transformer = nil
            return
        }
        transformer = try TransformerBlock(
            builder.scope("attentions", index),
            outputs,
            heads: configuration.heads[level],
            configuration: configuration
        )
    }
}

extension ResidualBlock {
    /// A block of the UNet, with its time embedding.
    fileprivate init(
        _ layers: LayerBuilder,
        _ inputs: Int,
        _ outputs: Int,
        configuration: UNetConfiguration
    ) throws(WeightError) {
        try self.init(
            layers,
            inputs,
            outputs,
            groups: configuration.normGroups,
            epsilon: configuration.normEpsilon,
            timeChannels: configuration.timeEmbeddingSize
        )
    }
}

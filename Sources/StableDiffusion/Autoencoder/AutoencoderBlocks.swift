// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The residual blocks of one level, and the way to the next: diffusers' `DownEncoderBlock2D` and `UpDecoderBlock2D`.
struct AutoencoderLevel: Sendable {
    private let residuals: [ResidualBlock]
    private let downsample: Downsample?
    private let upsample: Upsample?

    /// What follows a level's residual blocks.
    enum Resampling {
        case none
        case down
        case up
    }

    init(
        _ layers: LayerBuilder,
        _ inputs: Int,
        _ outputs: Int,
        count: Int,
        groups: Int,
        resampling: Resampling
    ) throws(WeightError) {
        var residuals: [ResidualBlock] = []
        for index in 0..<count {
            residuals.append(
                try ResidualBlock(
                    layers.scope("resnets", index),
                    index == 0 ? inputs : outputs,
                    outputs,
                    groups: groups,
                    epsilon: autoencoderEpsilon
                )
            )
        }
        self.residuals = residuals
        downsample = resampling == .down ? try Downsample(layers, outputs, isAsymmetric: true) : nil
        upsample = resampling == .up ? try Upsample(layers, outputs) : nil
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let hidden = residuals.reduce(x) { hidden, residual in residual(hidden) }
        if let downsample { return downsample(hidden) }
        return upsample?(hidden, height: 2 * hidden.shape[1], width: 2 * hidden.shape[2]) ?? hidden
    }
}

/// The level between encoder or decoder and the latents, with attention over all pixels: diffusers' `UNetMidBlock2D`.
struct AutoencoderMiddle: Sendable {
    private let first: ResidualBlock
    private let norm: GroupNorm?
    private let attention: SelfAttention?
    private let second: ResidualBlock

    init(_ layers: LayerBuilder, _ channels: Int, configuration: AutoencoderConfiguration) throws(WeightError) {
        let groups = configuration.normGroups
        first = try ResidualBlock(
            layers.scope("resnets", 0),
            channels,
            channels,
            groups: groups,
            epsilon: autoencoderEpsilon
        )
        if configuration.hasMiddleAttention {
            let scope = layers.scope("attentions", 0)
            norm = try scope.groupNorm("group_norm", channels, groups: groups, epsilon: autoencoderEpsilon)
            // One head as wide as the level.
            attention = try SelfAttention(scope, channels, heads: 1, hasBias: true)
        } else {
            norm = nil
            attention = nil
        }
        second = try ResidualBlock(
            layers.scope("resnets", 1),
            channels,
            channels,
            groups: groups,
            epsilon: autoencoderEpsilon
        )
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var hidden = first(x)
        if let norm, let attention {
            let tokens: Shape = [x.shape[0], x.shape[1] * x.shape[2], x.shape.channels]
            let normalized = norm(hidden).reshaped(tokens)
            hidden = attention(normalized, adding: hidden.reshaped(tokens)).reshaped(x.shape)
        }
        return second(hidden)
    }
}

/// The epsilon of every group norm of diffusers' `AutoencoderKL`, which its configuration cannot change.
let autoencoderEpsilon: Float = 1e-6

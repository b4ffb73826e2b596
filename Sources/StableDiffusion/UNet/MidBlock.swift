// SPDX-License-Identifier: Apache-2.0

import Tensor

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

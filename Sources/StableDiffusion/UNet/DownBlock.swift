// SPDX-License-Identifier: Apache-2.0

import Tensor

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

// SPDX-License-Identifier: Apache-2.0

import Tensor

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
            let skip = device.repeated(skips.removeLast(), rows: hidden.shape[0])
            hidden = layer(device.concatenate(hidden, skip), time: time, prompts: &prompts)
        }
        // Odd sizes round up on the way down, so the size to return to is the next skip's, not twice the present one.
        guard let upsample, let target = skips.last?.shape else { return hidden }
        return upsample(hidden, height: target[1], width: target[2])
    }
}

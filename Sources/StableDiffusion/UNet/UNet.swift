// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// The denoising network: noisy latents, timesteps and prompts in, the model's prediction out.
///
/// diffusers' `UNet2DConditionModel` as Stable Diffusion 2 configures it, with any number of levels, channels and heads.
package struct UNet: Sendable {
    package let configuration: UNetConfiguration
    private let device: any Device
    private let timeEmbedding: TimeEmbedding
    private let convIn: Convolution
    private let downBlocks: [DownBlock]
    private let midBlock: MidBlock
    private let upBlocks: [UpBlock]
    private let normOut: GroupNorm
    private let convOut: Convolution
    private let function = DeviceFunction()

    /// - Parameter arena: where the packed weights go; nil packs each layer at once.
    package init(
        _ configuration: UNetConfiguration,
        weights: WeightReader,
        arena: PackedArena? = nil,
        on device: any Device
    ) throws(WeightError) {
        let layers = LayerBuilder(device: device, weights: weights, arena: arena)
        let width = configuration.blockChannels[0]
        self.configuration = configuration
        self.device = device
        timeEmbedding = try TimeEmbedding(layers, configuration)
        convIn = try layers.convolution("conv_in", configuration.inputChannels, width)
        var downBlocks: [DownBlock] = []
        var upBlocks: [UpBlock] = []
        for level in configuration.blockChannels.indices {
            downBlocks.append(
                try DownBlock(layers.scope("down_blocks", level), level: level, configuration: configuration)
            )
            upBlocks.append(try UpBlock(layers.scope("up_blocks", level), level: level, configuration: configuration))
        }
        self.downBlocks = downBlocks
        self.upBlocks = upBlocks
        midBlock = try MidBlock(layers.scope("mid_block"), configuration: configuration)
        normOut = try layers.groupNorm(
            "conv_norm_out",
            width,
            groups: configuration.normGroups,
            epsilon: configuration.normEpsilon
        )
        convOut = try layers.convolution("conv_out", width, configuration.outputChannels)
        try weights.finish()
    }

    /// What a prompt's embedding, `[rows, tokens, crossAttentionSize]`, means to every cross-attention.
    package func conditioning(_ embedding: Tensor) -> Conditioning {
        let layers = downBlocks.flatMap(\.layers) + [midBlock.first] + upBlocks.flatMap(\.layers)
        return Conditioning(layers: layers.compactMap { $0.transformer?.keysAndValues(embedding) })
    }

    /// One evaluation of the network.
    ///
    /// Guidance evaluates one picture's latents on two prompts. Until the network first looks at them it would compute the
    /// same twice: the conditioning may be of a multiple of the latents' rows, and what they have in common is computed once.
    /// Its values are those of latents that are repeated, bit for bit.
    ///
    /// - Parameters:
    ///   - latents: `[rows, height, width, inputChannels]`, scaled as the sampler wants it.
    ///   - timesteps: one per row of the latents; rows need not agree.
    ///   - conditioning: of as many rows, or of all the latents' rows one time after the other.
    /// - Returns: `[conditioning's rows, height, width, outputChannels]`.
    package func callAsFunction(_ latents: Tensor, timesteps: [Float], conditioning: Conditioning) -> Tensor {
        precondition(timesteps.count == latents.shape[0], "\(timesteps.count) timesteps for \(latents.shape)")
        precondition(
            conditioning.rowCount.isMultiple(of: latents.shape[0]),
            "\(conditioning.rowCount) prompts for \(latents.shape)"
        )
        let inputs = [latents, timeEmbedding.waves(timesteps)] + conditioning.tensors
        return device.evaluate(function, inputs) { inputs in
            evaluate(inputs[0], waves: inputs[1], conditioning: Conditioning(tensors: inputs[2...]))
        }
    }

    private func evaluate(_ latents: Tensor, waves: Tensor, conditioning: Conditioning) -> Tensor {
        var prompts = Conditioning.Cursor(conditioning)

        // 1. Time
        let time = timeEmbedding(waves)

        // 2. In
        var hidden = convIn(latents)
        var skips = [hidden]

        // 3. Down
        for block in downBlocks {
            hidden = block(hidden, time: time, prompts: &prompts, skips: &skips)
        }

        // 4. Middle
        hidden = midBlock(hidden, time: time, prompts: &prompts)

        // 5. Up
        for block in upBlocks {
            hidden = block(hidden, time: time, prompts: &prompts, skips: &skips)
        }

        // 6. Out
        return convOut(normOut(hidden, activation: .silu))
    }
}

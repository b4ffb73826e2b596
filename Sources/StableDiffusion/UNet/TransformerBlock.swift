// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The pixels of a feature map as tokens that look at each other and at the prompt: diffusers' `Transformer2DModel` with
/// one `BasicTransformerBlock`.
struct TransformerBlock: Sendable {
    private let device: any Device
    private let norm: GroupNorm
    private let inputProjection: Linear
    private let norm1: LayerNorm
    private let selfAttention: SelfAttention
    private let norm2: LayerNorm
    private let crossAttention: CrossAttention
    private let norm3: LayerNorm
    private let expand: Linear
    private let contract: Linear
    private let outputProjection: Linear

    init(_ layers: LayerBuilder, _ channels: Int, heads: Int, configuration: UNetConfiguration) throws(WeightError) {
        device = layers.device
        // Every layer here sees thousands of tokens, and is where the UNet spends half of its time.
        let layers = layers.quantizable()
        norm = try layers.groupNorm("norm", channels, groups: configuration.normGroups, epsilon: 1e-6)
        inputProjection = try layers.linear("proj_in", channels, channels)
        let block = layers.scope("transformer_blocks", 0)
        norm1 = try block.layerNorm("norm1", channels)
        selfAttention = try SelfAttention(block.scope("attn1"), channels, heads: heads)
        norm2 = try block.layerNorm("norm2", channels)
        crossAttention = try CrossAttention(
            block.scope("attn2"),
            channels,
            context: configuration.crossAttentionSize,
            heads: heads
        )
        norm3 = try block.layerNorm("norm3", channels)
        expand = try block.gatedLinear("ff.net.0.proj", channels, 4 * channels)
        contract = try block.linear("ff.net.2", 4 * channels, channels)
        outputProjection = try layers.linear("proj_out", channels, channels)
    }

    /// What the cross-attention sees of a prompt's embedding, `[rows, tokens, crossAttentionSize]`.
    func keysAndValues(_ embedding: Tensor) -> KeysAndValues {
        crossAttention.keysAndValues(embedding)
    }

    /// `x` is `[rows, height, width, channels]`; so is the result, of as many rows as there are prompts.
    func callAsFunction(_ x: Tensor, prompt: KeysAndValues) -> Tensor {
        let rows = prompt.keys.shape[0]
        let height = x.shape[1]
        let width = x.shape[2]
        let input = x.reshaped([x.shape[0], height * width, x.shape.channels])

        // 1. What does not depend on the prompt
        var hidden = inputProjection(norm(x).reshaped(input.shape))
        hidden = selfAttention(norm1(hidden), adding: hidden)

        // 2. What does
        hidden = device.repeated(hidden, rows: rows)
        hidden = crossAttention(norm2(hidden), prompt, adding: hidden)
        hidden = contract(expand(norm3(hidden), activation: .geglu), adding: hidden)
        let output = outputProjection(hidden, adding: device.repeated(input, rows: rows))
        return output.reshaped([rows, height, width, output.shape.channels])
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// CLIP's text transformer: token ids in, one embedding per token out.
///
/// Stable Diffusion 2 uses OpenCLIP ViT-H/14 without its last block, as transformers' `CLIPTextModel` with 23 layers
/// computes it; the final layer norm is applied.
package struct TextEncoder: Sendable {
    package let configuration: TextEncoderConfiguration
    private let device: any Device
    private let tokens: EmbeddingWeights
    private let positions: EmbeddingWeights
    private let layers: [TextEncoderLayer]
    private let finalNorm: LayerNorm
    private let function = DeviceFunction()

    /// - Parameter arena: where the packed weights go; nil packs each layer at once.
    package init(
        _ configuration: TextEncoderConfiguration,
        weights: WeightReader,
        arena: PackedArena? = nil,
        on device: any Device
    ) throws(WeightError) {
        let builder = LayerBuilder(device: device, weights: weights, arena: arena)
        self.configuration = configuration
        self.device = device
        let embeddings = builder.scope("embeddings")
        tokens = try embeddings.embedding(
            "token_embedding",
            entries: configuration.vocabularySize,
            channels: configuration.hiddenSize
        )
        positions = try embeddings.embedding(
            "position_embedding",
            entries: configuration.maxPositions,
            channels: configuration.hiddenSize
        )
        var layers: [TextEncoderLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try TextEncoderLayer(builder.scope("encoder.layers", index), configuration))
        }
        self.layers = layers
        finalNorm = try builder.layerNorm(
            "final_layer_norm",
            configuration.hiddenSize,
            epsilon: configuration.layerNormEpsilon
        )
        try weights.finish()
    }

    /// Encodes prompts of one token length.
    ///
    /// - Parameter ids: one prompt a row, `maxPositions` ids each.
    /// - Returns: `[rows, tokens, hiddenSize]`.
    package func callAsFunction(_ ids: [[Int]]) -> Tensor {
        let length = configuration.maxPositions
        precondition(ids.allSatisfy { $0.count == length }, "a prompt is not \(length) tokens long")
        let embedded = device.embed(ids.flatMap(\.self), tokens, positions: positions)
            .reshaped([ids.count, length, configuration.hiddenSize])
        return device.evaluate(function, [embedded]) { inputs in
            finalNorm(layers.reduce(inputs[0]) { hidden, layer in layer(hidden) })
        }
    }
}

/// One pre-norm transformer layer with a causal mask: transformers' `CLIPEncoderLayer`.
struct TextEncoderLayer: Sendable {
    private let norm1: LayerNorm
    private let projections: Linears
    private let output: Linear
    private let norm2: LayerNorm
    private let expand: Linear
    private let contract: Linear
    private let device: any Device
    private let heads: Int

    init(_ layers: LayerBuilder, _ configuration: TextEncoderConfiguration) throws(WeightError) {
        let width = configuration.hiddenSize
        device = layers.device
        heads = configuration.headCount
        norm1 = try layers.layerNorm("layer_norm1", width, epsilon: configuration.layerNormEpsilon)
        projections = try layers.linears(
            ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
            width,
            width
        )
        output = try layers.linear("self_attn.out_proj", width, width)
        norm2 = try layers.layerNorm("layer_norm2", width, epsilon: configuration.layerNormEpsilon)
        expand = try layers.linear("mlp.fc1", width, configuration.intermediateSize)
        contract = try layers.linear("mlp.fc2", configuration.intermediateSize, width)
    }

    /// `x` is `[rows, tokens, hiddenSize]`, and so is the result.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let projected = projections(norm1(x))
        let attended = device.attention(
            query: projected[0],
            key: projected[1],
            value: projected[2],
            heads: heads,
            causal: true
        )
        let hidden = output(attended, adding: x)
        return contract(expand(norm2(hidden), activation: .gelu), adding: hidden)
    }
}

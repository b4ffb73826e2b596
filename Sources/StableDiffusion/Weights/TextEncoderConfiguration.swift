// SPDX-License-Identifier: Apache-2.0

/// The sizes of the text encoder: `CLIPTextConfig` of transformers.
///
/// Its token ids for beginning, end and padding are left out: in the published files they are wrong and nothing reads
/// them. The tokenizer has the right ones.
package struct TextEncoderConfiguration: Equatable, Sendable {
    /// Entries of the token embedding.
    package var vocabularySize: Int
    /// Longest text in tokens, beginning and end included.
    package var maxPositions: Int
    /// Channels between the layers.
    package var hiddenSize: Int
    /// Channels inside the feed-forward network.
    package var intermediateSize: Int
    package var layerCount: Int
    package var headCount: Int
    package var layerNormEpsilon: Float

    /// Stable Diffusion 2: OpenCLIP ViT-H without its last layer.
    package static let stableDiffusion2 = TextEncoderConfiguration(
        vocabularySize: 49_408,
        maxPositions: 77,
        hiddenSize: 1024,
        intermediateSize: 4096,
        layerCount: 23,
        headCount: 16,
        layerNormEpsilon: 1e-5
    )
}

extension TextEncoderConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case maxPositions = "max_position_embeddings"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case layerNormEpsilon = "layer_norm_eps"
        case activation = "hidden_act"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        vocabularySize = try container.size(.vocabularySize, absent: 49_408, in: 3...1_000_000)
        maxPositions = try container.size(.maxPositions, absent: 77, in: 3...4096)
        hiddenSize = try container.size(.hiddenSize, absent: 512)
        intermediateSize = try container.size(.intermediateSize, absent: 2048)
        layerCount = try container.size(.layerCount, absent: 12, in: 1...256)
        headCount = try container.size(.headCount, absent: 8)
        layerNormEpsilon = try container.positive(.layerNormEpsilon, absent: 1e-5)
        // The exact GELU. Stable Diffusion 1 has quick_gelu here, which is also what absence means.
        try container.require(.activation, "gelu", absent: "quick_gelu")
        guard hiddenSize.isMultiple(of: headCount) else {
            throw container.problem(.headCount, "\(hiddenSize) channels do not divide into \(headCount) heads")
        }
    }
}

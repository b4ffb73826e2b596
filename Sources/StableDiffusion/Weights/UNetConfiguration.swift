// SPDX-License-Identifier: Apache-2.0

/// The sizes of the UNet: `UNet2DConditionModel` of diffusers, as far as Stable Diffusion 2 uses it.
package struct UNetConfiguration: Equatable, Sendable {
    package var inputChannels: Int
    package var outputChannels: Int
    /// Channels of each level, the highest resolution first.
    package var blockChannels: [Int]
    /// Attention heads of each level; diffusers calls this `attention_head_dim`, which it is not.
    package var heads: [Int]
    /// For each level in the order of `down_blocks`, whether a transformer follows each of its residual blocks.
    package var downLevelHasTransformer: [Bool]
    /// The same in the order of `up_blocks`, the lowest resolution first.
    package var upLevelHasTransformer: [Bool]
    /// Residual blocks of a level on the way down; on the way up there is one more.
    package var layersPerBlock: Int
    /// Channels of the text embedding.
    package var crossAttentionSize: Int
    package var normGroups: Int
    /// Of the residual blocks and the output; the transformers' group normalisation has 1e-6.
    package var normEpsilon: Float
    /// Whether the time embedding has its cosines first.
    package var flipsSineToCosine = true
    /// How much less than half the channels the time embedding's frequencies are spread over.
    package var frequencyShift: Float = 0
    /// Height and width of the latent that the model was trained on.
    package var sampleSize: Int

    /// Channels of the time embedding that the residual blocks see.
    package var timeEmbeddingSize: Int { 4 * blockChannels[0] }

    /// Stable Diffusion 2: 64 channels a head, no transformer at the lowest resolution.
    package static func stableDiffusion2(sampleSize: Int) -> UNetConfiguration {
        UNetConfiguration(
            inputChannels: 4,
            outputChannels: 4,
            blockChannels: [320, 640, 1280, 1280],
            heads: [5, 10, 20, 20],
            downLevelHasTransformer: [true, true, true, false],
            upLevelHasTransformer: [false, true, true, true],
            layersPerBlock: 2,
            crossAttentionSize: 1024,
            normGroups: 32,
            normEpsilon: 1e-5,
            sampleSize: sampleSize
        )
    }
}

extension UNetConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case inputChannels = "in_channels"
        case outputChannels = "out_channels"
        case blockChannels = "block_out_channels"
        case heads = "attention_head_dim"
        case downBlocks = "down_block_types"
        case middleBlock = "mid_block_type"
        case upBlocks = "up_block_types"
        case layersPerBlock = "layers_per_block"
        case crossAttentionSize = "cross_attention_dim"
        case normGroups = "norm_num_groups"
        case normEpsilon = "norm_eps"
        case sampleSize = "sample_size"
        case flipsSineToCosine = "flip_sin_to_cos"
        case frequencyShift = "freq_shift"
        // What follows must have the value that Stable Diffusion 2 has.
        case activation = "act_fn"
        case attentionType = "attention_type"
        case centersInput = "center_input_sample"
        case downsamplePadding = "downsample_padding"
        case middleScale = "mid_block_scale_factor"
        case onlyCrossAttention = "only_cross_attention"
        case dualCrossAttention = "dual_cross_attention"
        case linearProjection = "use_linear_projection"
        case transformerLayers = "transformer_layers_per_block"
        case timeScaleShift = "resnet_time_scale_shift"
        case skipsTimeActivation = "resnet_skip_time_act"
        case residualScale = "resnet_out_scale_factor"
        case timeEmbeddingType = "time_embedding_type"
        case inputKernel = "conv_in_kernel"
        case outputKernel = "conv_out_kernel"
        case concatenatesClasses = "class_embeddings_concat"
        // What follows must be null.
        case reverseTransformerLayers = "reverse_transformer_layers_per_block"
        case textProjection = "encoder_hid_dim"
        case textProjectionType = "encoder_hid_dim_type"
        case headCount = "num_attention_heads"
        case classEmbedding = "class_embed_type"
        case classCount = "num_class_embeds"
        case classProjection = "projection_class_embeddings_input_dim"
        case additionEmbedding = "addition_embed_type"
        case additionTimeEmbedding = "addition_time_embed_dim"
        case timeEmbeddingChannels = "time_embedding_dim"
        case timeEmbeddingActivation = "time_embedding_act_fn"
        case timestepActivation = "timestep_post_act"
        case timeCondition = "time_cond_proj_dim"
        case middleOnlyCrossAttention = "mid_block_only_cross_attention"
        case crossAttentionNorm = "cross_attention_norm"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        inputChannels = try container.size(.inputChannels, absent: 4)
        outputChannels = try container.size(.outputChannels, absent: 4)
        layersPerBlock = try container.size(.layersPerBlock, absent: 2, in: 1...16)
        crossAttentionSize = try container.size(.crossAttentionSize, absent: 1280)
        normGroups = try container.size(.normGroups, absent: 32)
        normEpsilon = try container.positive(.normEpsilon, absent: 1e-5)
        sampleSize = try container.size(.sampleSize, in: 1...1024)
        blockChannels = try Self.blockChannels(in: container, normGroups: normGroups)
        heads = try Self.heads(in: container, channels: blockChannels)
        downLevelHasTransformer = try Self.hasTransformer(
            .downBlocks,
            in: container,
            kinds: ("CrossAttnDownBlock2D", "DownBlock2D"),
            absent: [true, true, true, false],
            count: blockChannels.count
        )
        upLevelHasTransformer = try Self.hasTransformer(
            .upBlocks,
            in: container,
            kinds: ("CrossAttnUpBlock2D", "UpBlock2D"),
            absent: [false, true, true, true],
            count: blockChannels.count
        )
        flipsSineToCosine = try container.value(.flipsSineToCosine, absent: true)
        frequencyShift = Float(try container.size(.frequencyShift, absent: 0, in: 0...1))
        if frequencyShift == 1, blockChannels[0] < 4 {
            throw container.problem(.frequencyShift, "1 needs at least 4 channels at the first level")
        }
        try Self.checkFixedValues(in: container)
    }

    private static func blockChannels(
        in container: KeyedDecodingContainer<CodingKeys>,
        normGroups: Int
    ) throws -> [Int] {
        let channels = try container.value(.blockChannels, absent: [320, 640, 1280, 1280])
        // Where an up block joins two levels its channels are a sum of two of these, so the groups divide them too.
        guard (1...16).contains(channels.count),
            channels.allSatisfy({ (2...16_384).contains($0) && $0.isMultiple(of: normGroups) })
        else {
            throw container.problem(
                .blockChannels,
                "\(channels) are not 1 to 16 numbers of channels that \(normGroups) groups divide"
            )
        }
        return channels
    }

    private static func heads(in container: KeyedDecodingContainer<CodingKeys>, channels: [Int]) throws -> [Int] {
        guard let heads = try container.value(.heads, absent: OneOrEach.one(8)).values(count: channels.count),
            zip(channels, heads).allSatisfy({ $1 > 0 && $0.isMultiple(of: $1) })
        else {
            throw container.problem(
                .heads,
                "not one number of heads for each of \(channels) channels that divides them"
            )
        }
        return heads
    }

    /// Whether each block is the first of the two `kinds`, the one with transformers.
    private static func hasTransformer(
        _ key: CodingKeys,
        in container: KeyedDecodingContainer<CodingKeys>,
        kinds: (with: String, without: String),
        absent: [Bool],
        count: Int
    ) throws -> [Bool] {
        let blocks = try container.value(key, absent: absent.map { $0 ? kinds.with : kinds.without })
        guard blocks.count == count, blocks.allSatisfy([kinds.with, kinds.without].contains) else {
            throw container.problem(key, "\(blocks) are not \(count) of \(kinds.with) and \(kinds.without)")
        }
        return blocks.map { $0 == kinds.with }
    }

    private static func checkFixedValues(in container: KeyedDecodingContainer<CodingKeys>) throws {
        try container.require(.middleBlock, "UNetMidBlock2DCrossAttn", absent: "UNetMidBlock2DCrossAttn")
        try container.require(.activation, "silu", absent: "silu")
        try container.require(.attentionType, "default", absent: "default")
        try container.require(.centersInput, false, absent: false)
        try container.require(.downsamplePadding, 1, absent: 1)
        try container.require(.middleScale, 1.0, absent: 1)
        try container.require(.onlyCrossAttention, false, absent: false)
        try container.require(.dualCrossAttention, false, absent: false)
        try container.require(.linearProjection, true, absent: false)
        try container.require(.transformerLayers, 1, absent: 1)
        try container.require(.timeScaleShift, "default", absent: "default")
        try container.require(.skipsTimeActivation, false, absent: false)
        try container.require(.residualScale, 1.0, absent: 1)
        try container.require(.timeEmbeddingType, "positional", absent: "positional")
        try container.require(.inputKernel, 3, absent: 3)
        try container.require(.outputKernel, 3, absent: 3)
        try container.require(.concatenatesClasses, false, absent: false)
        try container.requireNull(
            .reverseTransformerLayers,
            .textProjection,
            .textProjectionType,
            .headCount,
            .classEmbedding,
            .classCount,
            .classProjection,
            .additionEmbedding,
            .additionTimeEmbedding,
            .timeEmbeddingChannels,
            .timeEmbeddingActivation,
            .timestepActivation,
            .timeCondition,
            .middleOnlyCrossAttention,
            .crossAttentionNorm
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The sizes of the autoencoder: `AutoencoderKL` of diffusers.
package struct AutoencoderConfiguration: Equatable, Sendable {
    /// Channels of the picture that is encoded.
    package var inputChannels: Int
    /// Channels of the picture that is decoded.
    package var outputChannels: Int
    package var latentChannels: Int
    /// Channels of each level, the picture's resolution first.
    package var blockChannels: [Int]
    /// Residual blocks of a level of the encoder; the decoder has one more.
    package var layersPerBlock: Int
    package var normGroups: Int
    /// What latents are multiplied by after encoding and divided by before decoding.
    package var scalingFactor: Float
    /// Whether encoder and decoder have an attention at the lowest resolution.
    package var hasMiddleAttention = true
    /// Whether a 1x1 convolution follows the encoder.
    package var hasQuantConvolution = true
    /// Whether a 1x1 convolution precedes the decoder.
    package var hasPostQuantConvolution = true

    /// Width of a picture over width of its latent.
    package var factor: Int { 1 << (blockChannels.count - 1) }

    /// The autoencoder of every Stable Diffusion 1 and 2.
    package static let stableDiffusion2 = AutoencoderConfiguration(
        inputChannels: 3,
        outputChannels: 3,
        latentChannels: 4,
        blockChannels: [128, 256, 512, 512],
        layersPerBlock: 2,
        normGroups: 32,
        scalingFactor: 0.18215
    )
}

extension AutoencoderConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case inputChannels = "in_channels"
        case outputChannels = "out_channels"
        case latentChannels = "latent_channels"
        case blockChannels = "block_out_channels"
        case downBlocks = "down_block_types"
        case upBlocks = "up_block_types"
        case layersPerBlock = "layers_per_block"
        case normGroups = "norm_num_groups"
        case scalingFactor = "scaling_factor"
        case hasMiddleAttention = "mid_block_add_attention"
        case hasQuantConvolution = "use_quant_conv"
        case hasPostQuantConvolution = "use_post_quant_conv"
        // What follows must have the value that Stable Diffusion 2 has, or be null.
        case activation = "act_fn"
        case shift = "shift_factor"
        case latentMeans = "latents_mean"
        case latentDeviations = "latents_std"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        inputChannels = 3
        outputChannels = 3
        try container.require(.inputChannels, inputChannels, absent: 3)
        try container.require(.outputChannels, outputChannels, absent: 3)
        latentChannels = try container.size(.latentChannels, absent: 4, in: 1...1024)
        layersPerBlock = try container.size(.layersPerBlock, absent: 1, in: 1...16)
        let groups = try container.size(.normGroups, absent: 32)
        normGroups = groups
        scalingFactor = try container.positive(.scalingFactor, absent: 0.18215)
        blockChannels = try container.value(.blockChannels, absent: [64])
        guard (1...10).contains(blockChannels.count),
            blockChannels.allSatisfy({ (1...16_384).contains($0) && $0.isMultiple(of: groups) })
        else {
            throw container.problem(
                .blockChannels,
                "\(blockChannels) are not 1 to 10 numbers of channels that \(groups) groups divide"
            )
        }
        let levels = blockChannels.count
        try container.require(
            .downBlocks,
            Array(repeating: "DownEncoderBlock2D", count: levels),
            absent: ["DownEncoderBlock2D"]
        )
        try container.require(
            .upBlocks,
            Array(repeating: "UpDecoderBlock2D", count: levels),
            absent: ["UpDecoderBlock2D"]
        )
        hasMiddleAttention = try container.value(.hasMiddleAttention, absent: true)
        hasQuantConvolution = try container.value(.hasQuantConvolution, absent: true)
        hasPostQuantConvolution = try container.value(.hasPostQuantConvolution, absent: true)
        try container.require(.activation, "silu", absent: "silu")
        try container.requireNull(.shift, .latentMeans, .latentDeviations)
    }
}

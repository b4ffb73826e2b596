// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// Pixels to a distribution of latents: the encoder half of diffusers' `AutoencoderKL`.
package struct LatentEncoder: Sendable {
    private let convIn: Convolution
    private let levels: [AutoencoderLevel]
    private let middle: AutoencoderMiddle
    private let normOut: GroupNorm
    private let convOut: Convolution
    private let quant: Convolution?

    init(_ layers: LayerBuilder, _ configuration: AutoencoderConfiguration) throws(WeightError) {
        let channels = configuration.blockChannels
        let moments = 2 * configuration.latentChannels
        let deepest = channels[channels.count - 1]
        let encoder = layers.scope("encoder")
        convIn = try encoder.convolution("conv_in", configuration.inputChannels, channels[0])
        var levels: [AutoencoderLevel] = []
        for level in channels.indices {
            levels.append(
                try AutoencoderLevel(
                    encoder.scope("down_blocks", level),
                    channels[max(level - 1, 0)],
                    channels[level],
                    count: configuration.layersPerBlock,
                    groups: configuration.normGroups,
                    resampling: level == channels.count - 1 ? .none : .down
                )
            )
        }
        self.levels = levels
        middle = try AutoencoderMiddle(encoder.scope("mid_block"), deepest, configuration: configuration)
        normOut = try encoder.groupNorm(
            "conv_norm_out",
            deepest,
            groups: configuration.normGroups,
            epsilon: autoencoderEpsilon
        )
        convOut = try encoder.convolution("conv_out", deepest, moments)
        quant =
            configuration.hasQuantConvolution
            ? try layers.convolution("quant_conv", moments, moments, kernel: 1) : nil
    }

    /// - Parameter pixels: `[rows, height, width, 3]`, -1…1; sides are multiples of the autoencoder's factor.
    /// - Returns: `[rows, height / factor, width / factor, 2 * latentChannels]`: the mean, then the logarithm of the
    ///   variance, of each latent.
    package func callAsFunction(_ pixels: Tensor) -> Tensor {
        var hidden = convIn(pixels)
        for level in levels {
            hidden = level(hidden)
        }
        hidden = convOut(normOut(middle(hidden), activation: .silu))
        return quant?(hidden) ?? hidden
    }
}

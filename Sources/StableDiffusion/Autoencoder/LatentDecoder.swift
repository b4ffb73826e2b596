// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// Latents to pixels: the decoder half of diffusers' `AutoencoderKL`.
package struct LatentDecoder: Sendable {
    private let postQuant: Convolution?
    private let convIn: Convolution
    private let middle: AutoencoderMiddle
    private let levels: [AutoencoderLevel]
    private let normOut: GroupNorm
    private let convOut: Convolution
    private let device: any Device
    private let function = DeviceFunction()

    init(_ layers: LayerBuilder, _ configuration: AutoencoderConfiguration) throws(WeightError) {
        device = layers.device
        let channels = Array(configuration.blockChannels.reversed())
        let latent = configuration.latentChannels
        postQuant =
            configuration.hasPostQuantConvolution
            ? try layers.convolution("post_quant_conv", latent, latent, kernel: 1) : nil
        let decoder = layers.scope("decoder")
        convIn = try decoder.convolution("conv_in", latent, channels[0])
        middle = try AutoencoderMiddle(decoder.scope("mid_block"), channels[0], configuration: configuration)
        var levels: [AutoencoderLevel] = []
        for level in channels.indices {
            levels.append(
                try AutoencoderLevel(
                    decoder.scope("up_blocks", level),
                    channels[max(level - 1, 0)],
                    channels[level],
                    count: configuration.layersPerBlock + 1,
                    groups: configuration.normGroups,
                    resampling: level == channels.count - 1 ? .none : .up
                )
            )
        }
        self.levels = levels
        let width = configuration.blockChannels[0]
        normOut = try decoder.groupNorm(
            "conv_norm_out",
            width,
            groups: configuration.normGroups,
            epsilon: autoencoderEpsilon
        )
        convOut = try decoder.convolution("conv_out", width, configuration.outputChannels)
    }

    /// - Parameter latents: `[rows, height, width, latentChannels]`, already divided by the scaling factor.
    /// - Returns: `[rows, height * factor, width * factor, 3]`, about -1…1.
    package func callAsFunction(_ latents: Tensor) -> Tensor {
        device.evaluate(function, [latents]) { decode($0[0]) }
    }

    private func decode(_ latents: Tensor) -> Tensor {
        var hidden = convIn(postQuant?(latents) ?? latents)
        hidden = middle(hidden)
        for level in levels {
            hidden = level(hidden)
        }
        return convOut(normOut(hidden, activation: .silu))
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// The pair of networks between pixels and latents: diffusers' `AutoencoderKL`.
package struct Autoencoder: Sendable {
    package let configuration: AutoencoderConfiguration
    package let encoder: LatentEncoder
    package let decoder: LatentDecoder

    /// - Parameter arena: where the packed weights go; nil packs each layer at once.
    package init(
        _ configuration: AutoencoderConfiguration,
        weights: WeightReader,
        arena: PackedArena? = nil,
        on device: any Device
    ) throws(WeightError) {
        let layers = LayerBuilder(device: device, weights: weights, arena: arena)
        self.configuration = configuration
        encoder = try LatentEncoder(layers, configuration)
        decoder = try LatentDecoder(layers, configuration)
        try weights.finish()
    }

    /// Pixels per latent along each side.
    package var factor: Int { configuration.factor }
}

// SPDX-License-Identifier: Apache-2.0

/// A network of the model that has weights of its own.
///
/// The raw value is its directory in the diffusers layout.
package enum ModelComponent: String, Sendable, CaseIterable {
    case textEncoder = "text_encoder"
    case unet
    case autoencoder = "vae"

    /// Where the original single file keeps this component.
    var singleFilePrefix: String {
        switch self {
        case .textEncoder: "cond_stage_model.model."
        case .unet: "model.diffusion_model."
        case .autoencoder: "first_stage_model."
        }
    }

    /// The stem of the weight file's name in the diffusers layout.
    var fileStem: String {
        switch self {
        case .textEncoder: "model"
        case .unet, .autoencoder: "diffusion_pytorch_model"
        }
    }
}

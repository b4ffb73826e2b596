// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// A Stable Diffusion 2 model, loaded and packed on a device: everything a picture is made with.
package struct StableDiffusionModel: Sendable {
    package let tokenizer: CLIPTokenizer
    package let textEncoder: TextEncoder
    package let unet: UNet
    package let autoencoder: Autoencoder
    package let scheduler: SchedulerConfiguration
    package let device: any Device

    /// Loads a model strictly: every tensor it needs, none it does not know.
    package init(
        _ source: ModelSource,
        tokenizerConvention: CLIPTokenizer.Convention = .huggingFace,
        on device: any Device
    ) throws {
        self.device = device
        tokenizer = try source.tokenizer(convention: tokenizerConvention)
        scheduler = source.scheduler
        textEncoder = try TextEncoder(source.textEncoder, weights: source.weights(of: .textEncoder), on: device)
        unet = try UNet(source.unet, weights: source.weights(of: .unet), on: device)
        autoencoder = try Autoencoder(source.autoencoder, weights: source.weights(of: .autoencoder), on: device)
    }

    /// The side, in pixels, of the square pictures the model was trained on.
    package var nativeSize: Int { unet.configuration.sampleSize * autoencoder.factor }

    /// Gives the memory of past evaluations back to the system.
    package func trim() {
        device.trim()
    }

    /// What a prompt means to the UNet.
    package func conditioning(for prompt: String) -> Conditioning {
        let tokens = tokenizer.encode(prompt)
        return unet.conditioning(textEncoder([tokens.ids]))
    }
}

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
    /// How the weights came to be packed; its notes are of the empty prompt's file too.
    package let packedOrigin: PackedOrigin
    private let emptyPrompt: EmptyPrompt?
    let conditioningBatch = ConditioningBatch()

    /// Loads a model strictly: every tensor it needs, none it does not know.
    ///
    /// Names and shapes are checked against the model's own files each time; their elements are read only if the cache
    /// does not have them packed.
    ///
    /// - Parameters:
    ///   - cache: where packed weights are kept; nil packs them into this process's memory.
    ///   - verifiesCache: whether packed weights that are there are compared with what packing makes now.
    ///   - progress: called with the bytes packed so far and all bytes.
    package init(
        _ source: ModelSource,
        tokenizerConvention: CLIPTokenizer.Convention = .huggingFace,
        cache: PackedWeightCache? = nil,
        verifiesCache: Bool = false,
        on device: any Device,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        self.device = device
        tokenizer = try source.tokenizer(convention: tokenizerConvention)
        scheduler = source.scheduler

        // 1. Build the networks: what is packed, and into how many bytes
        let arena = PackedArena()
        let (text, unet, autoencoder) = try (
            source.weights(of: .textEncoder), source.weights(of: .unet), source.weights(of: .autoencoder)
        )
        textEncoder = try TextEncoder(source.textEncoder, weights: text, arena: arena, on: device)
        self.unet = try UNet(source.unet, weights: unet, arena: arena, on: device)
        self.autoencoder = try Autoencoder(source.autoencoder, weights: autoencoder, arena: arena, on: device)

        // 2. Find it packed, or pack it
        let weights = cache?.file(
            model: source.path,
            on: device,
            identity: [text, unet, autoencoder].map(\.identity).joined()
        )
        var origin = arena.settle(in: weights, verifying: verifiesCache, progress: progress)

        // 3. The same for the prompt that nearly every request has
        let ids = tokenizer.encode("").ids
        let encoder = "\(text.identity)\(source.textEncoder)"
        emptyPrompt = cache?.file(ofEmptyPrompt: ids, model: source.path, on: device, identity: encoder)
            .map { [textEncoder] in EmptyPrompt(ids, textEncoder, in: $0, verifying: verifiesCache, on: device) }
        switch origin.state {
        case .mapped, .written: origin.notes += emptyPrompt?.notes ?? []
        // What keeps the weights from being written keeps this too, and is said already.
        case .memory: break
        }
        packedOrigin = origin
    }

    /// The side, in pixels, of the square pictures the model was trained on.
    package var nativeSize: Int { unet.configuration.sampleSize * autoencoder.factor }

    /// Gives the memory of past evaluations back to the system.
    package func trim() {
        conditioningBatch.clear()
        device.trim()
    }

    /// What a prompt means to the UNet.
    package func conditioning(for prompt: String) -> Conditioning {
        let ids = tokenizer.encode(prompt).ids
        return unet.conditioning(emptyPrompt?.embedding(ifSameAs: ids) ?? textEncoder([ids]))
    }
}

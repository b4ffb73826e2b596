// SPDX-License-Identifier: Apache-2.0

/// A folder of the diffusers layout, and the names of its files.
enum DiffusersFolder: String, CaseIterable {
    case scheduler
    case tokenizer
    case textEncoder = "text_encoder"
    case unet
    case autoencoder = "vae"

    /// Files that a model needs.
    var requiredFiles: [String] {
        switch self {
        case .scheduler: ["scheduler_config.json"]
        case .tokenizer: ["vocab.json", "merges.txt"]
        case .textEncoder, .unet, .autoencoder: ["config.json"]
        }
    }

    /// Files that are read if they are there.
    var optionalFiles: [String] {
        self == .tokenizer ? ["tokenizer_config.json", "special_tokens_map.json"] : []
    }

    /// The beginning of the names of weight files, for a network.
    var weightStem: String? {
        switch self {
        case .scheduler, .tokenizer: nil
        case .textEncoder: "model"
        case .unet, .autoencoder: "diffusion_pytorch_model"
        }
    }
}

/// The name of one of several files that hold a network's weights together.
///
/// Of the two places where the variant has been, both count: `model.fp16-00001-of-00002.safetensors` and
/// `model-00001-of-00002.fp16.safetensors`.
struct ShardName {
    let total: Int
    let variant: WeightVariant

    init?(_ name: String, stem: String) {
        guard name.hasPrefix(stem) else { return nil }
        let pattern = /(\.fp16)?-(\d{5})-of-(\d{5})(\.fp16)?\.safetensors/
        guard let match = name.dropFirst(stem.count).wholeMatch(of: pattern), let total = Int(match.3) else {
            return nil
        }
        self.total = total
        variant = match.1 == nil && match.4 == nil ? .plain : .fp16
    }
}

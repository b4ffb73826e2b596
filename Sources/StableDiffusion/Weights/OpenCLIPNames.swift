// SPDX-License-Identifier: Apache-2.0

/// Names of the text encoder's tensors in the original layout, which is OpenCLIP's.
struct OpenCLIPNames {
    /// The number of blocks that Stable Diffusion 2 runs.
    private let layers: Int

    /// Learns the number of layers from the names.
    ///
    /// Stable Diffusion 2 reads the text before OpenCLIP's last block, so the file holds one more than the model has.
    /// A file converted back from diffusers lacks that block, and with it the projection that only the block feeds.
    init(_ names: some Collection<String>) {
        let blocks = names.compactMap(Self.block).map { min($0, 1000) + 1 }.max() ?? 0
        layers = names.contains("text_projection") ? blocks - 1 : blocks
    }

    private static func block(_ name: String) -> Int? {
        let parts = name.split(separator: ".", maxSplits: 3)
        guard parts.count == 4, parts[0] == "transformer", parts[1] == "resblocks", let block = Int(parts[2]) else {
            return nil
        }
        return block >= 0 ? block : nil
    }

    /// Whether the tensor is of the part after the block that the text is read at.
    func isUnused(_ name: String) -> Bool {
        if let block = Self.block(name) { return block >= layers }
        return ["text_projection", "logit_scale", "attn_mask"].contains(name)
    }

    /// The block and the kind (`weight`, `bias`) of a tensor that joins the three input projections of an attention.
    func joinedProjection(_ name: String) -> (block: String, kind: String)? {
        for kind in ["weight", "bias"] where name.hasSuffix(".attn.in_proj_\(kind)") {
            return (String(name.dropLast("in_proj_\(kind)".count + 1)), kind)
        }
        return nil
    }

    /// diffusers' name for a tensor, or nil if OpenCLIP has no such name.
    ///
    /// The joined projections must be split before.
    func diffusersName(_ name: String) -> String? {
        switch name {
        case "token_embedding.weight": return "embeddings.token_embedding.weight"
        case "positional_embedding": return "embeddings.position_embedding.weight"
        case "ln_final.weight", "ln_final.bias": return "final_layer_norm.\(name.dropFirst("ln_final.".count))"
        default: break
        }
        let parts = [
            "attn.q_proj": "self_attn.q_proj", "attn.k_proj": "self_attn.k_proj", "attn.v_proj": "self_attn.v_proj",
            "attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
            "mlp.c_proj": "mlp.fc2",
        ]
        guard let block = Self.block(name), let kindStart = name.lastIndex(of: ".") else { return nil }
        let part = name[..<kindStart].split(separator: ".").dropFirst(3).joined(separator: ".")
        return parts[part].map { "encoder.layers.\(block).\($0)\(name[kindStart...])" }
    }
}

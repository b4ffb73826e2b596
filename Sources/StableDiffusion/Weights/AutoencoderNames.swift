// SPDX-License-Identifier: Apache-2.0

/// Names of the autoencoder's tensors in the original layout, where the decoder's levels count from the picture down.
struct AutoencoderNames {
    private let decoderLevels: Int

    init(_ names: some Collection<String>) {
        let levels = names.compactMap { name -> Int? in
            let parts = name.split(separator: ".")
            guard parts.count > 3, parts[0] == "decoder", parts[1] == "up" else { return nil }
            return Int(parts[2])
        }
        decoderLevels = max(0, min(levels.max() ?? 0, 1000)) + 1
    }

    /// diffusers' name for a tensor, or nil if the original layout has no such name.
    func diffusersName(_ name: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count >= 2 else { return nil }
        if parts[0] == "quant_conv" || parts[0] == "post_quant_conv" { return name }
        guard parts[0] == "encoder" || parts[0] == "decoder", parts.count >= 3 else { return nil }
        let rest = Array(parts.dropFirst(2))
        switch parts[1] {
        case "conv_in", "conv_out": return name
        case "norm_out": return "\(parts[0]).conv_norm_out.\(rest.joined(separator: "."))"
        case "mid": return middle(rest).map { "\(parts[0]).mid_block.\($0)" }
        case "down" where parts[0] == "encoder":
            guard let level = Int(rest[0]) else { return nil }
            return self.level(rest, sampler: "downsample").map { "encoder.down_blocks.\(level).\($0)" }
        case "up" where parts[0] == "decoder":
            guard let level = Int(rest[0]), (0..<decoderLevels).contains(level) else { return nil }
            return self.level(rest, sampler: "upsample").map { "decoder.up_blocks.\(decoderLevels - 1 - level).\($0)" }
        default: return nil
        }
    }

    /// What follows the level: `block.0.conv1.weight`, or `downsample.conv.weight`.
    private func level(_ rest: [String], sampler: String) -> String? {
        guard rest.count >= 4 else { return nil }
        if rest[1] == "block", let layer = Int(rest[2]) {
            return "resnets.\(layer).\(residual(rest.dropFirst(3)))"
        }
        guard rest[1] == sampler, rest[2] == "conv" else { return nil }
        return "\(sampler)rs.0.conv.\(rest[3])"
    }

    private func middle(_ rest: [String]) -> String? {
        guard rest.count >= 3 else { return nil }
        switch rest[0] {
        case "block_1": return "resnets.0.\(residual(rest.dropFirst()))"
        case "block_2": return "resnets.1.\(residual(rest.dropFirst()))"
        case "attn_1":
            let parts = ["norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"]
            return parts[rest[1]].map { "attentions.0.\($0).\(rest[2])" }
        default: return nil
        }
    }

    private func residual(_ rest: some Collection<String>) -> String {
        rest.map { $0 == "nin_shortcut" ? "conv_shortcut" : $0 }.joined(separator: ".")
    }
}

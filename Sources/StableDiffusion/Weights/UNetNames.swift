// SPDX-License-Identifier: Apache-2.0

/// Names of the UNet's tensors in the original layout, where the blocks of all levels are numbered through.
struct UNetNames {
    /// Residual blocks of a level on the way down; on the way up there is one more.
    private let layersPerBlock: Int

    /// Learns the number of layers from the place of the first downsampler.
    init(_ names: some Collection<String>) {
        let inputBlocks = names.compactMap { name -> (index: Int, isDownsampler: Bool)? in
            let parts = name.split(separator: ".")
            guard parts.count > 3, parts[0] == "input_blocks", let index = Int(parts[1]), index >= 0
            else { return nil }
            return (index, parts[3] == "op")
        }
        // Block 0 is conv_in, then come a level's layers, then its downsampler. With one level there is none.
        let firstDownsampler = inputBlocks.filter(\.isDownsampler).map(\.index).min()
        let last = inputBlocks.map(\.index).max() ?? 0
        layersPerBlock = max(1, min(firstDownsampler.map { $0 - 1 } ?? last, 1000))
    }

    /// diffusers' name for a tensor, or nil if the original layout has no such name.
    func diffusersName(_ name: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count >= 3 else { return nil }
        switch (parts[0], parts[1]) {
        case ("time_embed", "0"): return "time_embedding.linear_1.\(parts[2])"
        case ("time_embed", "2"): return "time_embedding.linear_2.\(parts[2])"
        case ("out", "0"): return "conv_norm_out.\(parts[2])"
        case ("out", "2"): return "conv_out.\(parts[2])"
        case ("input_blocks", "0") where parts.count == 4 && parts[2] == "0": return "conv_in.\(parts[3])"
        default: break
        }
        guard parts.count >= 4, let block = Int(parts[1]), block >= 0 else { return nil }
        let slot = parts[2]
        let rest = Array(parts.dropFirst(3))
        switch parts[0] {
        case "input_blocks" where block > 0: return inputBlock(block - 1, slot: slot, rest)
        case "middle_block": return middleBlock(block, Array(parts.dropFirst(2)))
        case "output_blocks": return outputBlock(block, slot: slot, rest)
        default: return nil
        }
    }

    private func inputBlock(_ block: Int, slot: String, _ rest: [String]) -> String? {
        let (level, layer) = block.quotientAndRemainder(dividingBy: layersPerBlock + 1)
        if rest[0] == "op" {
            guard layer == layersPerBlock, slot == "0" else { return nil }
            return "down_blocks.\(level).downsamplers.0.conv.\(rest.dropFirst().joined(separator: "."))"
        }
        guard layer < layersPerBlock else { return nil }
        return Self.layer("down_blocks.\(level)", layer, slot: slot, rest)
    }

    private func outputBlock(_ block: Int, slot: String, _ rest: [String]) -> String? {
        let (level, layer) = block.quotientAndRemainder(dividingBy: layersPerBlock + 1)
        // The upsampler follows whatever the block has: slot 1 without attention, 2 with it.
        if rest[0] == "conv" {
            guard layer == layersPerBlock, slot == "1" || slot == "2" else { return nil }
            return "up_blocks.\(level).upsamplers.0.conv.\(rest.dropFirst().joined(separator: "."))"
        }
        return Self.layer("up_blocks.\(level)", layer, slot: slot, rest)
    }

    private func middleBlock(_ block: Int, _ rest: [String]) -> String? {
        switch block {
        case 0: Self.residual(rest).map { "mid_block.resnets.0.\($0)" }
        case 1: "mid_block.attentions.0.\(rest.joined(separator: "."))"
        case 2: Self.residual(rest).map { "mid_block.resnets.1.\($0)" }
        default: nil
        }
    }

    private static func layer(_ block: String, _ layer: Int, slot: String, _ rest: [String]) -> String? {
        switch slot {
        case "0": residual(rest).map { "\(block).resnets.\(layer).\($0)" }
        case "1": "\(block).attentions.\(layer).\(rest.joined(separator: "."))"
        default: nil
        }
    }

    /// The parts of a residual block, which the original numbers by their place in a sequence.
    private static func residual(_ rest: [String]) -> String? {
        let parts = [
            "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
            "out_layers.3": "conv2",
        ]
        if rest.count == 2, rest[0] == "skip_connection" { return "conv_shortcut.\(rest[1])" }
        guard rest.count == 3, let part = parts["\(rest[0]).\(rest[1])"] else { return nil }
        return "\(part).\(rest[2])"
    }
}

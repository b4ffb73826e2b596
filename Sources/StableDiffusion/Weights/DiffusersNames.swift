// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What diffusers and transformers have called the same tensor over the years.
enum DiffusersNames {
    /// Today's name of a tensor in a file of any age, or nil for one that the model never reads.
    static func today(_ name: String, in component: ModelComponent) -> String? {
        switch component {
        case .unet: name
        case .autoencoder: autoencoder(name)
        case .textEncoder: textEncoder(name)
        }
    }

    /// transformers 5.6 dropped the prefix; older files also hold the positions 0...76 as a tensor.
    private static func textEncoder(_ name: String) -> String? {
        let today = name.hasPrefix("text_model.") ? String(name.dropFirst("text_model.".count)) : name
        return ["embeddings.position_ids", "text_projection.weight", "logit_scale"].contains(today) ? nil : today
    }

    /// diffusers 0.18 renamed the parts of the attention in the middle of the autoencoder.
    private static func autoencoder(_ name: String) -> String {
        guard let range = name.range(of: ".mid_block.attentions.0.") else { return name }
        let renamed = ["query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"]
        let part = name[range.upperBound...].split(separator: ".", maxSplits: 1).map(String.init)
        guard part.count == 2, let today = renamed[part[0]] else { return name }
        return "\(name[..<range.upperBound])\(today).\(part[1])"
    }
}

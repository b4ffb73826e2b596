// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The names of Stability AI's original checkpoints, and what diffusers calls the same tensors.
///
/// One file holds all components: `model.diffusion_model.` is the UNet, `first_stage_model.` the autoencoder,
/// `cond_stage_model.model.` the text encoder as OpenCLIP names it. Numbers of levels and layers follow from the names.
/// Same mapping as diffusers' `single_file_utils.py`.
struct SingleFileNames {
    private let file: SafetensorsFile

    init(_ file: SafetensorsFile) throws(WeightError) {
        self.file = file
        let prefixes = ModelComponent.allCases.map(\.singleFilePrefix)
        let unknown = file.names.filter { name in
            !prefixes.contains(where: name.hasPrefix) && !Self.isTrainingState(name)
        }
        guard unknown.isEmpty else { throw WeightError(file: file.file.path, .unknown(unknown.sorted())) }
        for component in ModelComponent.allCases {
            guard file.names.contains(where: { $0.hasPrefix(component.singleFilePrefix) }) else {
                throw WeightError(
                    file: file.file.path,
                    .malformed(
                        "no tensors called \(component.singleFilePrefix)*: not a whole Stable Diffusion 2 checkpoint"
                    )
                )
            }
        }
    }

    /// What training leaves in a checkpoint and no forward pass reads: the noise schedule, averaged weights, the loss.
    private static func isTrainingState(_ name: String) -> Bool {
        name.hasPrefix("model_ema.")
            || [
                "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod",
                "sqrt_one_minus_alphas_cumprod",
                "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod",
                "posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2",
                "lvlb_weights", "logvar", "scale_factor", "global_step", "state_dict.global_step",
            ].contains(name)
    }

    /// The tensors of one component by diffusers' names.
    func tensors(of component: ModelComponent) throws(WeightError) -> [String: StoredTensor] {
        let prefix = component.singleFilePrefix
        var stored: [String: StoredTensor] = [:]
        for (name, tensor) in file.tensors where name.hasPrefix(prefix) {
            stored[String(name.dropFirst(prefix.count))] = tensor
        }
        switch component {
        case .unet: return try rename(stored, with: UNetNames(stored.keys).diffusersName)
        case .autoencoder:
            let trained = stored.filter { !$0.key.hasPrefix("loss.") && !$0.key.hasPrefix("model_ema.") }
            return try rename(trained, with: AutoencoderNames(trained.keys).diffusersName)
        case .textEncoder: return try textEncoder(stored)
        }
    }

    /// Every tensor under its new name; one that has none, or whose name is taken, is an error.
    private func rename(
        _ stored: [String: StoredTensor],
        with rule: (String) -> String?
    ) throws(WeightError) -> [String: StoredTensor] {
        var renamed: [String: StoredTensor] = [:]
        var unknown: [String] = []
        for (name, tensor) in stored {
            guard let new = rule(name) else {
                unknown.append(tensor.name)
                continue
            }
            guard renamed.updateValue(tensor, forKey: new) == nil else {
                throw WeightError(file: file.file.path, tensor: tensor.name, .malformed("is stored twice, as \(new)"))
            }
        }
        guard unknown.isEmpty else { throw WeightError(file: file.file.path, .unknown(unknown.sorted())) }
        return renamed
    }

    /// OpenCLIP's text transformer; its attention keeps queries, keys and values in one matrix.
    private func textEncoder(_ stored: [String: StoredTensor]) throws(WeightError) -> [String: StoredTensor] {
        let names = OpenCLIPNames(stored.keys)
        var whole: [String: StoredTensor] = [:]
        for (name, tensor) in stored where !names.isUnused(name) {
            guard let joined = names.joinedProjection(name) else {
                whole[name] = tensor
                continue
            }
            for (index, projection) in ["q_proj", "k_proj", "v_proj"].enumerated() {
                whole["\(joined.block).\(projection).\(joined.kind)"] = try tensor.slice(index, of: 3)
            }
        }
        return try rename(whole, with: names.diffusersName)
    }
}

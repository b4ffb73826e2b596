// SPDX-License-Identifier: Apache-2.0

/// The twelve samplers, by the names the API documents.
package enum Scheduler: String, CaseIterable, Codable, Sendable {
    case ddim = "DDIM"
    case dpmMulti = "DPM Multi"
    case dpmSingle = "DPM Single"
    case eulerAncestral = "Euler a"
    case euler = "Euler"
    case heun = "Heun"
    case dpm2AncestralKarras = "DPM2 a Karras"
    case dpm2Karras = "DPM2 Karras"
    case lms = "LMS"
    case pndm = "PNDM"
    case ddpm = "DDPM"
    case uniPC = "UniPC"

    /// The sampler that `name` stands for: an API name, a diffusers class name, or what other tools call the same sampler.
    ///
    /// Upper and lower case, spaces, hyphens and underscores do not matter. `nil` for a name that is not known, also for a
    /// sampler that would make another picture than the one asked for (`dpmpp_2m_karras`: ours has no Karras spacing).
    package init?(name: String) {
        guard let scheduler = Self.byKey[Self.key(name)] else { return nil }
        self = scheduler
    }

    /// The names beside the API's own, each spelled as its tool spells it.
    ///
    /// Sources: diffusers' scheduler classes; AUTOMATIC1111's and k-diffusion's sampler names.
    private var aliases: [String] {
        switch self {
        case .ddim: ["DDIMScheduler"]
        case .dpmMulti:
            ["DPMSolverMultistepScheduler", "DPMSolverMultistep", "dpmpp_2m", "k_dpmpp_2m", "DPM++ 2M"]
        case .dpmSingle: ["DPMSolverSinglestepScheduler", "DPMSolverSinglestep"]
        case .eulerAncestral:
            [
                "EulerAncestralDiscreteScheduler", "EulerAncestralDiscrete", "euler_ancestral", "k_euler_a",
                "k_euler_ancestral",
            ]
        case .euler: ["EulerDiscreteScheduler", "EulerDiscrete", "k_euler"]
        case .heun: ["HeunDiscreteScheduler", "HeunDiscrete", "k_heun"]
        case .dpm2AncestralKarras:
            ["KDPM2AncestralDiscreteScheduler", "KDPM2AncestralDiscrete"]
        case .dpm2Karras: ["KDPM2DiscreteScheduler", "KDPM2Discrete"]
        case .lms: ["LMSDiscreteScheduler", "LMSDiscrete", "k_lms"]
        case .pndm: ["PNDMScheduler", "PLMS"]
        case .ddpm: ["DDPMScheduler"]
        case .uniPC: ["UniPCMultistepScheduler", "UniPCMultistep", "uni_pc", "uni_pc_bh2"]
        }
    }

    private static let byKey: [String: Scheduler] = {
        var table: [String: Scheduler] = [:]
        for scheduler in allCases {
            for name in [scheduler.rawValue] + scheduler.aliases {
                table[key(name)] = scheduler
            }
        }
        return table
    }()

    /// What is left of a name when its spelling does not matter.
    private static func key(_ name: String) -> String {
        name.lowercased().filter { !" -_".contains($0) }
    }
}

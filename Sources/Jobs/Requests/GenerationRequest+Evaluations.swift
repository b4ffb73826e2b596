// SPDX-License-Identifier: Apache-2.0

extension GenerationRequest {
    /// How often the UNet is evaluated for one picture: what it costs.
    package var evaluations: Int {
        switch scheduler {
        // Two evaluations for every step but the last.
        case .heun, .dpm2Karras, .dpm2AncestralKarras: 2 * stepsRun - 1
        // The first of several steps is taken twice.
        case .pndm: steps > 1 ? stepsRun + 1 : 1
        case .ddim, .dpmMulti, .dpmSingle, .eulerAncestral, .euler, .lms, .ddpm, .uniPC: stepsRun
        }
    }

    /// How many of the sampler's steps are run: with a reference picture, the last ones only.
    private var stepsRun: Int {
        switch start {
        case .noise: steps
        case .image(_, let strength): max(Int(Double(steps) * strength), 1)
        }
    }
}

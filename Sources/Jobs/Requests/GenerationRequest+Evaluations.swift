// SPDX-License-Identifier: Apache-2.0

extension GenerationRequest {
    /// How often the UNet is evaluated for one picture: what it costs.
    package var evaluations: Int {
        let stepsRun =
            switch start {
            case .noise: steps
            case .image(_, let strength): max(Int(Double(steps) * strength), 1)
            }
        return scheduler.evaluations(steps: stepsRun)
    }
}

extension Scheduler {
    /// How often the sampler evaluates the UNet in so many steps.
    func evaluations(steps: Int) -> Int {
        switch self {
        // Two evaluations for every step but the last.
        case .heun, .dpm2Karras, .dpm2AncestralKarras: 2 * steps - 1
        // The first step is taken twice.
        case .pndm: steps + 1
        case .ddim, .dpmMulti, .dpmSingle, .eulerAncestral, .euler, .lms, .ddpm, .uniPC: steps
        }
    }
}

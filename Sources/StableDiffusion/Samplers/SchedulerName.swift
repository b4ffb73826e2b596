// SPDX-License-Identifier: Apache-2.0

/// The samplers by the names that the HTTP API gives them.
package enum SchedulerName: String, Sendable, CaseIterable, Codable {
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
}

extension SchedulerName {
    /// Starts a run of this sampler.
    ///
    /// The initial noise is the next draw of `generator`; a run on a picture therefore draws it after the sample of the
    /// encoder's distribution, as diffusers' image-to-image pipeline does. `steps` counts the steps of the whole
    /// schedule; methods of second order evaluate the model twice a step.
    package func makeSampler(
        configuration: SchedulerConfiguration,
        steps: Int,
        start: InitialLatents,
        generator: inout TorchGenerator
    ) throws(SamplerError) -> any Sampler {
        let run = try SamplingRun(configuration: configuration, steps: steps, start: start, generator: &generator)
        return switch self {
        case .ddim: try DDIMSampler(run)
        case .dpmMulti: DPMSolverMultistepSampler(run)
        case .dpmSingle: DPMSolverSinglestepSampler(run)
        case .eulerAncestral: EulerAncestralSampler(run)
        case .euler: EulerSampler(run)
        case .heun: HeunSampler(run)
        case .dpm2AncestralKarras: KDPM2Sampler(run, isAncestral: true)
        case .dpm2Karras: KDPM2Sampler(run, isAncestral: false)
        case .lms: LMSSampler(run)
        case .pndm: try PNDMSampler(run)
        case .ddpm: try DDPMSampler(run)
        case .uniPC: UniPCSampler(run)
        }
    }
}

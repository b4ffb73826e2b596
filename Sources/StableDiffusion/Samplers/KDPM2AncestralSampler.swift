// SPDX-License-Identifier: Apache-2.0

/// The midpoint method in log sigma with ancestral noise, on Karras noise levels.
///
/// Each step goes to the lower level of an ancestral step, by way of the geometric mean, and then adds noise. Every step
/// but the last has two evaluations; the last draws no noise. Source: k-diffusion's `sample_dpm_2_ancestral`.
/// Reference: diffusers' `KDPM2AncestralDiscreteScheduler` with `use_karras_sigmas`.
struct KDPM2AncestralSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let sigmas: [Float]
    private let ancestralSteps: [AncestralStep]
    /// The level in the middle of each deterministic part; 0 for the last step, one Euler step to the picture.
    private let midpoints: [Float]
    private let predictionType: PredictionType
    /// The latents before the step, between its two evaluations.
    private var stepStart: LatentVector?

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.karras(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        sigmas = schedule.sigmas
        ancestralSteps = zip(sigmas.dropLast(), sigmas.dropFirst()).map { AncestralStep(from: $0, to: $1) }
        let inner = zip(sigmas, ancestralSteps).dropLast().map { SigmaSchedule.midpoint(from: $0, to: $1.down) }
        midpoints = inner + [0]
        timesteps = schedule.interleavingTimesteps(ofMidpoints: inner, schedule: run.schedule)
        predictionType = run.predictionType
        latents = run.initialLatents(sigma: sigmas[0])
    }

    /// The level of the next evaluation.
    private var evaluatedSigma: Float {
        stepStart == nil ? sigmas[completedEvaluations / 2] : midpoints[completedEvaluations / 2]
    }

    var modelInput: LatentVector { latents.scaledModelInput(sigma: evaluatedSigma) }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let index = completedEvaluations / 2
        let original = predictionType.originalSample(from: output, at: latents, sigma: evaluatedSigma)
        let derivative = (latents - original) / evaluatedSigma
        if let start = stepStart {
            latents = start + (ancestralSteps[index].down - sigmas[index]) * derivative
            latents = latents + ancestralSteps[index].up * generator.normal(like: latents)
            stepStart = nil
        } else {
            stepStart = latents
            latents = latents + (midpoints[index] - sigmas[index]) * derivative
        }
        predictedOriginal = original
    }
}

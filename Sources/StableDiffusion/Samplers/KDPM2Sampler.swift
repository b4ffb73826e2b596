// SPDX-License-Identifier: Apache-2.0

/// The midpoint method in log sigma, on Karras noise levels.
///
/// Every step but the last has two evaluations, the second at the geometric mean of the step's levels. Sources:
/// DPM-Solver-2 (https://arxiv.org/abs/2206.00927, algorithm 1) as in k-diffusion's `sample_dpm_2`. Reference:
/// diffusers' `KDPM2DiscreteScheduler` with `use_karras_sigmas`.
struct KDPM2Sampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let sigmas: [Float]
    /// The level in the middle of each step; 0 for the last, which is one Euler step to the picture.
    private let midpoints: [Float]
    private let predictionType: PredictionType
    /// The latents before the step, between its two evaluations.
    private var stepStart: LatentVector?

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.karras(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        sigmas = schedule.sigmas
        let inner = zip(sigmas.dropLast(), sigmas.dropFirst()).dropLast().map {
            SigmaSchedule.midpoint(from: $1, to: $0)
        }
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
            latents = start + (sigmas[index + 1] - sigmas[index]) * derivative
            stepStart = nil
        } else {
            stepStart = latents
            latents = latents + (midpoints[index] - sigmas[index]) * derivative
        }
        predictedOriginal = original
    }
}

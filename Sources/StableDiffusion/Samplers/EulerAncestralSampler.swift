// SPDX-License-Identifier: Apache-2.0

/// Euler's method with ancestral noise: each step goes below the next level and noise brings it back up.
///
/// Source: Katherine Crowson's k-diffusion, `sample_euler_ancestral`. Reference: diffusers'
/// `EulerAncestralDiscreteScheduler`. As there, the last step draws noise too, although it adds none.
struct EulerAncestralSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let sigmas: [Float]
    private let predictionType: PredictionType

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.linspace(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        timesteps = schedule.timesteps
        sigmas = schedule.sigmas
        predictionType = run.predictionType
        latents = run.initialLatents(sigma: sigmas[0])
    }

    var modelInput: LatentVector { latents.scaledModelInput(sigma: sigmas[completedEvaluations]) }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let sigma = sigmas[completedEvaluations]
        let ancestral = AncestralStep(from: sigma, to: sigmas[completedEvaluations + 1])
        let original = predictionType.originalSample(from: output, at: latents, sigma: sigma)
        let derivative = (latents - original) / sigma
        latents = latents + (ancestral.down - sigma) * derivative
        latents = latents + ancestral.up * generator.normal(like: latents)
        predictedOriginal = original
    }
}

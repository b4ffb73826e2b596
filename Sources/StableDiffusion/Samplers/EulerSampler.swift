// SPDX-License-Identifier: Apache-2.0

/// Euler's method for the probability-flow equation dx/dsigma = (x - x0) / sigma.
///
/// Paper: https://arxiv.org/abs/2206.00364, algorithm 2 without churn and without the second-order correction.
/// Reference: diffusers' `EulerDiscreteScheduler`.
struct EulerSampler: SamplingMethod {
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
        let (sigma, next) = (sigmas[completedEvaluations], sigmas[completedEvaluations + 1])
        let original = predictionType.originalSample(from: output, at: latents, sigma: sigma)
        let derivative = (latents - original) / sigma
        latents = latents + (next - sigma) * derivative
        predictedOriginal = original
    }
}

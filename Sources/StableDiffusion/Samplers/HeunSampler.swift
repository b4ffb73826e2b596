// SPDX-License-Identifier: Apache-2.0

/// Heun's method: an Euler step, then the same step again with the mean of the slopes at its two ends.
///
/// Every step but the last has two evaluations. Paper: https://arxiv.org/abs/2206.00364, algorithm 1. Reference:
/// diffusers' `HeunDiscreteScheduler`.
struct HeunSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let sigmas: [Float]
    private let predictionType: PredictionType
    private let clipRange: Float?
    /// The latents before the step and the slope there, between the two evaluations of a step.
    private var firstHalf: (latents: LatentVector, derivative: LatentVector)?

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.linspace(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        timesteps = schedule.timesteps.prefix(1) + schedule.timesteps.dropFirst().flatMap { [$0, $0] }
        sigmas = schedule.sigmas
        predictionType = run.predictionType
        clipRange = run.clipRange(byDefault: false)
        latents = run.initialLatents(sigma: sigmas[0])
    }

    /// The step that the next evaluation belongs to.
    private var stepIndex: Int { completedEvaluations / 2 }

    /// The level of the next evaluation: the one that its step starts from, then the one that it leads to.
    private var evaluatedSigma: Float { sigmas[firstHalf == nil ? stepIndex : stepIndex + 1] }

    var modelInput: LatentVector { latents.scaledModelInput(sigma: evaluatedSigma) }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let (sigma, next) = (sigmas[stepIndex], sigmas[stepIndex + 1])
        var original = predictionType.originalSample(from: output, at: latents, sigma: evaluatedSigma)
        if let clipRange {
            original = original.clamped(to: clipRange)
        }
        let derivative = (latents - original) / evaluatedSigma
        if let start = firstHalf {
            latents = start.latents + (next - sigma) * ((start.derivative + derivative) / 2)
            firstHalf = nil
        } else {
            firstHalf = (latents, derivative)
            latents = latents + (next - sigma) * derivative
        }
        predictedOriginal = original
    }
}

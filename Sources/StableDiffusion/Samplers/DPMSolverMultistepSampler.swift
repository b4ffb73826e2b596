// SPDX-License-Identifier: Apache-2.0

/// DPM-Solver++(2M): second order with one evaluation a step, from the estimates of this and the previous step.
///
/// The first step has no previous estimate and the last one ends without noise; both are of first order. Paper:
/// https://arxiv.org/abs/2211.01095, algorithm 2. Reference: diffusers' `DPMSolverMultistepScheduler` with its
/// defaults: "dpmsolver++", order 2, "midpoint", final sigma 0.
struct DPMSolverMultistepSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let levels: [NoiseLevel]
    private let predictionType: PredictionType

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.roundedLinspace(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        timesteps = schedule.timesteps
        levels = schedule.sigmas.map(NoiseLevel.init(exploding:))
        predictionType = run.predictionType
        latents = run.initialLatents(alpha: levels[0].alpha, sigma: levels[0].sigma)
    }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let index = completedEvaluations
        let (level, next) = (levels[index], levels[index + 1])
        let original = predictionType.originalSample(
            from: output,
            at: latents,
            alpha: level.alpha,
            sigma: level.sigma
        )

        var difference: LatentVector?
        let isLast = index == timesteps.count - 1
        if let previous = predictedOriginal, !isLast {
            let ratio = (level.lambda - levels[index - 1].lambda) / (next.lambda - level.lambda)
            difference = (1 / ratio) * (original - previous)
        }
        latents = NoiseLevel.integrate(latents, from: level, to: next, original: original, difference: difference)
        predictedOriginal = original
    }
}

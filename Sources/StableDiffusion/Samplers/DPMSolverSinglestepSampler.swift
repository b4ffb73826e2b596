// SPDX-License-Identifier: Apache-2.0

/// DPM-Solver++(2S): steps of first and second order take turns; the second-order step redoes the one before it
/// together with its own, from where that one started.
///
/// The last step is always of first order, because it ends without noise. Paper: https://arxiv.org/abs/2211.01095,
/// algorithm 1. Reference: diffusers' `DPMSolverSinglestepScheduler` with its defaults. As there, a run on a picture
/// keeps the turns of the whole schedule; if it would start with a second-order step, that one is of first order.
struct DPMSolverSinglestepSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let levels: [NoiseLevel]
    private let firstStep: Int
    private let predictionType: PredictionType
    /// The latents before the newest first-order step.
    private var stepStart: LatentVector

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.roundedLinspace(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        timesteps = schedule.timesteps
        levels = schedule.sigmas.map(NoiseLevel.init(exploding:))
        firstStep = run.firstStep
        predictionType = run.predictionType
        latents = run.initialLatents(alpha: levels[0].alpha, sigma: levels[0].sigma)
        stepStart = latents
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

        let isSecondOrder = (firstStep + index) % 2 == 1 && index < timesteps.count - 1
        if isSecondOrder, let previous = predictedOriginal {
            let start = levels[index - 1]
            let ratio = (level.lambda - start.lambda) / (next.lambda - start.lambda)
            let difference = (1 / ratio) * (original - previous)
            latents = NoiseLevel.integrate(
                stepStart,
                from: start,
                to: next,
                original: previous,
                difference: difference
            )
        } else {
            stepStart = latents
            latents = NoiseLevel.integrate(latents, from: level, to: next, original: original)
        }
        predictedOriginal = original
    }
}

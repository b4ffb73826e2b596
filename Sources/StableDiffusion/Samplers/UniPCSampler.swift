// SPDX-License-Identifier: Apache-2.0

import Foundation

/// UniPC of order 2: a predictor and, once the model has been evaluated where it led, a corrector of the same step,
/// which costs no evaluation of its own.
///
/// Paper: https://arxiv.org/abs/2302.04867, with B(h) = e^h - 1 ("bh2") and predicting x0. Reference: diffusers'
/// `UniPCMultistepScheduler` with its defaults. The predictions of the first and the last step are of first order.
struct UniPCSampler: SamplingMethod {
    private static let order = 2

    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector

    private let levels: [NoiseLevel]
    private let predictionType: PredictionType
    /// Up to two estimates of x0, the newest first.
    private var originals: [LatentVector] = []
    /// Where the newest prediction started and its order.
    private var prediction: (start: LatentVector, order: Int)?

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.roundedLinspace(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        timesteps = schedule.timesteps
        levels = schedule.sigmas.map(NoiseLevel.init(exploding:))
        predictionType = run.predictionType
        latents = run.initialLatents(alpha: levels[0].alpha, sigma: levels[0].sigma)
    }

    var predictedOriginal: LatentVector? { originals.first }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let index = completedEvaluations
        let original = predictionType.originalSample(
            from: output,
            at: latents,
            alpha: levels[index].alpha,
            sigma: levels[index].sigma
        )
        if let prediction {
            latents = corrected(prediction.start, with: original, order: prediction.order, index: index)
        }
        originals = [original] + originals.prefix(Self.order - 1)
        let order = min(originals.count, timesteps.count - index)
        prediction = (latents, order)
        latents = predicted(latents, order: order, index: index)
    }

    /// UniP: from level `index` to the next.
    private func predicted(_ sample: LatentVector, order: Int, index: Int) -> LatentVector {
        let step = UniPCStep(from: levels[index], to: levels[index + 1])
        let base = step.firstOrder(sample, original: originals[0])
        guard order > 1 else { return base }
        let slope = (originals[1] - originals[0]) / step.ratio(to: levels[index - 1])
        return base - step.weight * (0.5 * slope)
    }

    /// UniC: the step that led to level `index` again, now that x0 is known there too.
    private func corrected(
        _ sample: LatentVector,
        with original: LatentVector,
        order: Int,
        index: Int
    ) -> LatentVector {
        let step = UniPCStep(from: levels[index - 1], to: levels[index])
        let base = step.firstOrder(sample, original: originals[0])
        let change = original - originals[0]
        guard order > 1 else { return base - step.weight * (0.5 * change) }
        let ratio = step.ratio(to: levels[index - 2])
        let slope = (originals[1] - originals[0]) / ratio
        let rho = step.correctorWeights(ratio: ratio)
        return base - step.weight * (rho.slope * slope + rho.change * change)
    }
}

/// The coefficients of one step between two levels, in the notation of the paper.
private struct UniPCStep {
    let start: NoiseLevel
    let end: NoiseLevel
    /// The step in lambda.
    private let h: Float
    /// B(h), which for "bh2" is also the coefficient of the first-order term.
    private let b: Float

    init(from start: NoiseLevel, to end: NoiseLevel) {
        self.start = start
        self.end = end
        h = end.lambda - start.lambda
        b = expm1(-h)
    }

    /// The factor of everything that is added to the first-order step.
    var weight: Float { end.alpha * b }

    func firstOrder(_ sample: LatentVector, original: LatentVector) -> LatentVector {
        (end.sigma / start.sigma) * sample - weight * original
    }

    /// The distance in lambda to an earlier level, in units of the step.
    func ratio(to earlier: NoiseLevel) -> Float {
        (earlier.lambda - start.lambda) / h
    }

    /// The weights of the slope of the past and of the change over the step: they solve
    /// [[1, 1], [ratio, 1]] * rho = [phi2, phi3], with the phi functions of the paper divided by B(h).
    func correctorWeights(ratio: Float) -> (slope: Float, change: Float) {
        let phi2 = b / -h - 1
        let phi3 = phi2 / -h - 0.5
        let (first, second) = (phi2 / b, phi3 * 2 / b)
        let slope = (first - second) / (1 - ratio)
        return (slope, first - slope)
    }
}

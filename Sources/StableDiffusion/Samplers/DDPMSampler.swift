// SPDX-License-Identifier: Apache-2.0

/// Denoising diffusion probabilistic models: ancestral sampling with the smaller of the paper's two variances.
///
/// Paper: https://arxiv.org/abs/2006.11239, formulas 6 and 7. Reference: diffusers' `DDPMScheduler` with
/// `variance_type` "fixed_small".
struct DDPMSampler: SamplingMethod {
    /// Diffusers keeps the variance above this, because other variance types take its logarithm.
    private static let smallestVariance: Float = 1e-20

    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let alphasCumprod: [Float]
    private let predictionType: PredictionType
    private let clipRange: Float?

    init(_ run: SamplingRun) throws(SamplerError) {
        timesteps = try run.leadingTimesteps().dropFirst(run.firstStep).map { Float($0) }
        alphasCumprod = run.schedule.alphasCumprod
        predictionType = run.predictionType
        clipRange = run.clipRange(byDefault: true)
        let level = alphasCumprod[Int(timesteps[0])]
        latents = run.initialLatents(alpha: level.squareRoot(), sigma: (1 - level).squareRoot())
    }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let timestep = Int(timesteps[completedEvaluations])
        let isLast = completedEvaluations == timesteps.count - 1
        let cumprod = alphasCumprod[timestep]
        let previousCumprod = isLast ? 1 : alphasCumprod[Int(timesteps[completedEvaluations + 1])]
        // Of the jump from the previous timestep of the run to this one.
        let alpha = cumprod / previousCumprod
        let beta = 1 - alpha

        var original = predictionType.originalSample(
            from: output,
            at: latents,
            alpha: cumprod.squareRoot(),
            sigma: (1 - cumprod).squareRoot()
        )
        if let clipRange {
            original = original.clamped(to: clipRange)
        }
        let originalWeight = previousCumprod.squareRoot() * beta / (1 - cumprod)
        let sampleWeight = alpha.squareRoot() * (1 - previousCumprod) / (1 - cumprod)
        latents = originalWeight * original + sampleWeight * latents
        if timestep > 0 {
            let variance = max((1 - previousCumprod) / (1 - cumprod) * beta, Self.smallestVariance)
            latents = latents + variance.squareRoot() * generator.normal(like: latents)
        }
        predictedOriginal = original
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Denoising diffusion implicit models, without added noise (eta 0).
///
/// Paper: https://arxiv.org/abs/2010.02502, formula 12. Reference: diffusers' `DDIMScheduler`.
struct DDIMSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let alphasCumprod: [Float]
    private let finalAlphaCumprod: Float
    private let stepRatio: Int
    private let predictionType: PredictionType
    private let clipRange: Float?

    init(_ run: SamplingRun) throws(SamplerError) {
        timesteps = try run.leadingTimesteps().dropFirst(run.firstStep).map { Float($0) }
        alphasCumprod = run.schedule.alphasCumprod
        finalAlphaCumprod = run.configuration.setAlphaToOne ?? true ? 1 : alphasCumprod[0]
        stepRatio = run.configuration.numTrainTimesteps / run.steps
        predictionType = run.predictionType
        clipRange = run.clipRange(byDefault: true)
        let level = alphasCumprod[Int(timesteps[0])]
        latents = run.initialLatents(alpha: level.squareRoot(), sigma: (1 - level).squareRoot())
    }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let timestep = Int(timesteps[completedEvaluations])
        let previous = timestep - stepRatio
        let alphaCumprod = alphasCumprod[timestep]
        let previousAlphaCumprod = previous >= 0 ? alphasCumprod[previous] : finalAlphaCumprod
        let (alpha, sigma) = (alphaCumprod.squareRoot(), (1 - alphaCumprod).squareRoot())

        var original = predictionType.originalSample(from: output, at: latents, alpha: alpha, sigma: sigma)
        let noise = predictionType.noise(from: output, at: latents, alpha: alpha, sigma: sigma)
        if let clipRange {
            original = original.clamped(to: clipRange)
        }
        latents = previousAlphaCumprod.squareRoot() * original + (1 - previousAlphaCumprod).squareRoot() * noise
        predictedOriginal = original
    }
}

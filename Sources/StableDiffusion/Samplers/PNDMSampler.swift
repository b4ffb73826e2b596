// SPDX-License-Identifier: Apache-2.0

/// Pseudo numerical methods for diffusion models: the fourth-order linear multistep part (PLMS), without Runge-Kutta
/// steps.
///
/// The first step is done twice, the second time with the mean of the model outputs at its two ends; a run of N steps
/// has N + 1 evaluations, but a run of one step has one. Paper: https://arxiv.org/abs/2202.09778, formula 9. Reference:
/// diffusers' `PNDMScheduler` with `skip_prk_steps`.
///
/// As there, a run on a picture leaves out the first timesteps of the list in which the second one is doubled. If it
/// starts after the doubled pair, redoing the first step makes the latents lag one step behind the timesteps. A
/// velocity is turned into noise after the outputs have been combined, at the sample of the current step.
struct PNDMSampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let alphasCumprod: [Float]
    private let finalAlphaCumprod: Float
    private let stepRatio: Int
    private let predictionType: PredictionType
    /// Up to four model outputs, the newest last.
    private var outputs: [LatentVector] = []
    /// The latents before the first step, until it is redone.
    private var stepStart: LatentVector?

    init(_ run: SamplingRun) throws(SamplerError) {
        guard run.configuration.skipPRKSteps == true else {
            throw .unsupported(.pndm, reason: "its skip_prk_steps is not true, and Runge-Kutta steps are not supported")
        }
        let leading = try run.leadingTimesteps()
        let doubled = leading.prefix(2) + leading.dropFirst()
        timesteps = doubled.dropFirst(run.firstStep).map { Float($0) }
        alphasCumprod = run.schedule.alphasCumprod
        finalAlphaCumprod = run.configuration.setAlphaToOne ?? false ? 1 : alphasCumprod[0]
        stepRatio = run.configuration.numTrainTimesteps / run.steps
        predictionType = run.predictionType
        let level = alphasCumprod[Int(timesteps[0])]
        latents = run.initialLatents(alpha: level.squareRoot(), sigma: (1 - level).squareRoot())
    }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let timestep = Int(timesteps[completedEvaluations])
        if completedEvaluations == 1, let start = stepStart {
            stepStart = nil
            let mean = (output + outputs[0]) / 2
            transfer(start, from: timestep + stepRatio, to: timestep, output: mean)
        } else {
            if completedEvaluations == 0 {
                stepStart = latents
            }
            outputs = outputs.suffix(3) + [output]
            transfer(latents, from: timestep, to: timestep - stepRatio, output: combinedOutput())
        }
    }

    /// The Adams-Bashforth combination of the newest outputs, of the order that their number allows.
    private func combinedOutput() -> LatentVector {
        let e = Array(outputs.reversed())
        return switch e.count {
        case 1: e[0]
        case 2: (3 * e[0] - e[1]) / 2
        case 3: (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12
        default: (1.0 / 24) * (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3])
        }
    }

    /// Formula 9: takes `sample` from one timestep to another along the noise that `output` means.
    private mutating func transfer(
        _ sample: LatentVector,
        from timestep: Int,
        to previous: Int,
        output: LatentVector
    ) {
        let cumprod = alphasCumprod[timestep]
        let previousCumprod = previous >= 0 ? alphasCumprod[previous] : finalAlphaCumprod
        let (alpha, sigma) = (cumprod.squareRoot(), (1 - cumprod).squareRoot())
        let noise = predictionType.noise(from: output, at: sample, alpha: alpha, sigma: sigma)

        let sampleWeight = (previousCumprod / cumprod).squareRoot()
        let denominator =
            cumprod * (1 - previousCumprod).squareRoot() + (cumprod * (1 - cumprod) * previousCumprod).squareRoot()
        latents = sampleWeight * sample - ((previousCumprod - cumprod) * noise) / denominator
        predictedOriginal = (sample - sigma * noise) / alpha
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The midpoint method in log sigma, on Karras noise levels, with or without ancestral noise.
///
/// Every step but the last has two evaluations, the second at the geometric mean of the levels that it leads from and
/// to. An ancestral step leads below the next level, and noise brings it back up; the last step draws none.
///
/// Sources: DPM-Solver-2 (https://arxiv.org/abs/2206.00927, algorithm 1) as in k-diffusion's `sample_dpm_2` and
/// `sample_dpm_2_ancestral`. References: diffusers' `KDPM2DiscreteScheduler` and `KDPM2AncestralDiscreteScheduler` with
/// `use_karras_sigmas`.
struct KDPM2Sampler: SamplingMethod {
    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    private let isAncestral: Bool
    private let sigmas: [Float]
    /// The level in the middle of each step; 0 for the last, which is one Euler step to the picture.
    private let midpoints: [Float]
    /// The level that each step leads to, before noise.
    private let targets: [Float]
    /// The standard deviation of each step's noise, if it is ancestral.
    private let deviations: [Float]
    private let predictionType: PredictionType
    /// The latents before the step, between its two evaluations.
    private var stepStart: LatentVector?

    init(_ run: SamplingRun, isAncestral: Bool) {
        self.isAncestral = isAncestral
        let schedule = SigmaSchedule.karras(steps: run.steps, schedule: run.schedule).from(run.firstStep)
        sigmas = schedule.sigmas
        let ancestralSteps = zip(sigmas, sigmas.dropFirst()).map { AncestralStep(from: $0, to: $1) }
        targets = isAncestral ? ancestralSteps.map(\.down) : Array(sigmas.dropFirst())
        deviations = ancestralSteps.map(\.up)
        // The same mean either way, but which level comes first shows in its rounding, and the references differ there.
        let inner = zip(sigmas, targets).dropLast().map { sigma, target in
            isAncestral
                ? SigmaSchedule.midpoint(from: sigma, to: target)
                : SigmaSchedule.midpoint(from: target, to: sigma)
        }
        midpoints = inner + [0]
        timesteps = schedule.interleavingTimesteps(ofMidpoints: inner, schedule: run.schedule)
        predictionType = run.predictionType
        latents = run.initialLatents(sigma: sigmas[0])
    }

    /// The step that the next evaluation belongs to.
    private var stepIndex: Int { completedEvaluations / 2 }

    /// The level of the next evaluation: the one that its step starts from, then the one in its middle.
    private var evaluatedSigma: Float {
        stepStart == nil ? sigmas[stepIndex] : midpoints[stepIndex]
    }

    var modelInput: LatentVector { latents.scaledModelInput(sigma: evaluatedSigma) }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let sigma = sigmas[stepIndex]
        let original = predictionType.originalSample(from: output, at: latents, sigma: evaluatedSigma)
        let derivative = (latents - original) / evaluatedSigma
        if let start = stepStart {
            latents = start + (targets[stepIndex] - sigma) * derivative
            if isAncestral {
                latents = latents + deviations[stepIndex] * generator.normal(like: latents)
            }
            stepStart = nil
        } else {
            stepStart = latents
            latents = latents + (midpoints[stepIndex] - sigma) * derivative
        }
        predictedOriginal = original
    }
}

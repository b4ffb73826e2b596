// SPDX-License-Identifier: Apache-2.0

/// The noise schedule a model was trained with: `scheduler/scheduler_config.json` of a diffusers model.
///
/// The scheduler class the file names is only a default: a request chooses its own sampler, which reads the values
/// below, as `Scheduler.from_config` does in diffusers. Unlike there, nothing else of the file counts: what more its
/// diffusers class can be told, such as `timestep_spacing`, a sampler does as that class does by default, but for the
/// noise levels of those that have Karras in their names.
package struct SchedulerConfiguration: Sendable, Equatable {
    /// How the betas grow from `betaStart` to `betaEnd`.
    package enum BetaSchedule: String, Sendable, CaseIterable {
        /// The betas themselves grow linearly.
        case linear
        /// The square roots of the betas grow linearly: the schedule of latent diffusion models.
        case scaledLinear = "scaled_linear"
    }

    /// Number of noise levels in training.
    package var numTrainTimesteps: Int
    package var betaStart: Double
    package var betaEnd: Double
    package var betaSchedule: BetaSchedule
    package var predictionType: PredictionType
    /// Added to the timesteps of the samplers with "leading" spacing: DDIM, DDPM and PNDM.
    package var stepsOffset: Int
    /// Whether the level after the last step is free of noise (true) or the first level of training (false).
    ///
    /// Absent: true for DDIM and false for PNDM, the classes' own defaults.
    package var setAlphaToOne: Bool?
    /// Whether DDIM, DDPM and Heun limit their estimate of the picture to `clipSampleRange`.
    ///
    /// Absent: true for DDIM and DDPM and false for Heun, the classes' own defaults.
    package var clipSample: Bool?
    package var clipSampleRange: Float
    /// Whether PNDM leaves out its Runge-Kutta steps; nothing else is supported.
    package var skipPRKSteps: Bool?

    /// The schedule of Stable Diffusion 2.1, with the prediction type of the 768-pixel model unless told otherwise.
    package static func stableDiffusion2(predictionType: PredictionType = .velocity) -> Self {
        Self(
            numTrainTimesteps: 1000,
            betaStart: 0.00085,
            betaEnd: 0.012,
            betaSchedule: .scaledLinear,
            predictionType: predictionType,
            stepsOffset: 1,
            setAlphaToOne: false,
            clipSample: false,
            clipSampleRange: 1,
            skipPRKSteps: true
        )
    }
}

/// A scheduler configuration that no sampler here can follow.
package struct SchedulerConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The key of the JSON file.
    package var field: String
    package var reason: String

    package var description: String { "\(field) \(reason)" }
}

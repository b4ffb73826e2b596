// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The noise levels of a run for the samplers that work with sigmas.
struct SigmaSchedule: Sendable {
    /// The timestep of each step, highest first.
    let timesteps: [Float]
    /// The sigma of each step, and a final 0.
    let sigmas: [Float]

    /// Evenly spaced fractional timesteps: Euler, Heun and LMS.
    static func linspace(steps: Int, schedule: NoiseSchedule) -> Self {
        let timesteps = TimestepSpacing.linspace(steps: steps, trainTimesteps: schedule.sigmas.count)
        let sigmas = timesteps.map { Float(schedule.sigma(atTimestep: Double($0))) }
        return Self(timesteps: timesteps, sigmas: sigmas + [0])
    }

    /// Evenly spaced whole timesteps without 0: DPM-Solver and UniPC.
    static func roundedLinspace(steps: Int, schedule: NoiseSchedule) -> Self {
        let timesteps = TimestepSpacing.roundedLinspace(steps: steps, trainTimesteps: schedule.sigmas.count)
        return Self(timesteps: timesteps.map { Float($0) }, sigmas: timesteps.map { schedule.sigmas[$0] } + [0])
    }

    /// The spacing of equation 5 of "Elucidating the Design Space of Diffusion-Based Generative Models"
    /// (https://arxiv.org/abs/2206.00364) with rho 7, between the ends that evenly spaced timesteps have; the
    /// timesteps are rounded to whole numbers.
    static func karras(steps: Int, schedule: NoiseSchedule) -> Self {
        let rho = 7.0
        let ends = TimestepSpacing.linspace(steps: steps, trainTimesteps: schedule.sigmas.count)
        let roots = [ends[0], ends[steps - 1]].map { pow(schedule.sigma(atTimestep: Double($0)), 1 / rho) }
        let sigmas = (0..<steps).map { index in
            let ramp = steps > 1 ? Double(index) / Double(steps - 1) : 0
            return pow(roots[0] + ramp * (roots[1] - roots[0]), rho)
        }
        let timesteps = sigmas.map { Float(schedule.timestep(logSigma: log($0)).rounded(.toNearestOrEven)) }
        return Self(timesteps: timesteps, sigmas: sigmas.map { Float($0) } + [0])
    }

    /// The schedule without the steps before `firstStep`.
    func from(_ firstStep: Int) -> Self {
        Self(timesteps: Array(timesteps.dropFirst(firstStep)), sigmas: Array(sigmas.dropFirst(firstStep)))
    }

    /// The geometric mean of two levels, computed through logarithms as the references do.
    static func midpoint(from start: Float, to end: Float) -> Float {
        exp(log(end) - (log(end) - log(start)) * 0.5)
    }

    /// The timesteps of a method that evaluates the model at each level but the last and, after it, at a midpoint.
    func interleavingTimesteps(ofMidpoints midpoints: [Float], schedule: NoiseSchedule) -> [Float] {
        let inner = midpoints.map { schedule.timestep(logSigma: log($0)) }
        return timesteps.prefix(1) + zip(inner, timesteps.dropFirst()).flatMap { [$0, $1] }
    }
}

extension LatentVector {
    /// What the model is shown of a sample x0 + sigma * noise: the sample with the variance of training.
    func scaledModelInput(sigma: Float) -> LatentVector {
        self / (sigma * sigma + 1).squareRoot()
    }
}

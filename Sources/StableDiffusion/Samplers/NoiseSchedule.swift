// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The noise levels of training as tables over the timesteps 0..<numTrainTimesteps.
///
/// A training sample at timestep t is sqrt(alphaCumprod[t]) * x0 + sqrt(1 - alphaCumprod[t]) * noise. The values are
/// rounded where torch and numpy round them in diffusers' schedulers: near timestep 0 one bit of `alphasCumprod` is a
/// relative 7e-5 of sigma.
struct NoiseSchedule: Sendable {
    /// The products of 1 - beta up to each timestep.
    let alphasCumprod: [Float]
    /// The noise levels in units of the picture, sqrt((1 - alphaCumprod) / alphaCumprod); they grow with the timestep.
    let sigmas: [Float]
    private let logSigmas: [Float]

    init(_ configuration: SchedulerConfiguration) {
        // torch.cumprod accumulates in double precision.
        var product = 1.0
        alphasCumprod = Self.betas(configuration).map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
        sigmas = alphasCumprod.map { ((1 - $0) / $0).squareRoot() }
        logSigmas = sigmas.map { log($0) }
    }

    /// Sigma at a timestep between two of the table, by linear interpolation (`numpy.interp`).
    func sigma(atTimestep timestep: Double) -> Double {
        let low = min(max(Int(timestep), 0), sigmas.count - 2)
        let slope = Double(sigmas[low + 1]) - Double(sigmas[low])
        return slope * (timestep - Double(low)) + Double(sigmas[low])
    }

    /// The timestep whose sigma has the given logarithm, by linear interpolation in the logarithm, held within the
    /// table (`_sigma_to_t`).
    func timestep<Value: BinaryFloatingPoint>(logSigma: Value) -> Value {
        var (low, high) = (0, logSigmas.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Value(logSigmas[middle]) > logSigma {
                high = middle
            } else {
                low = middle
            }
        }
        let distance = Value(logSigmas[low]) - logSigma
        let weight = min(max(distance / Value(logSigmas[low] - logSigmas[high]), 0), 1)
        return (1 - weight) * Value(low) + weight * Value(high)
    }

    private static func betas(_ configuration: SchedulerConfiguration) -> [Float] {
        let count = configuration.numTrainTimesteps
        switch configuration.betaSchedule {
        case .linear:
            return linspace(configuration.betaStart, configuration.betaEnd, count: count)
        case .scaledLinear:
            let roots = linspace(
                configuration.betaStart.squareRoot(),
                configuration.betaEnd.squareRoot(),
                count: count
            )
            return roots.map { $0 * $0 }
        }
    }

    /// `torch.linspace` in float32: both halves are counted from their own end, with fused multiply-add.
    private static func linspace(_ start: Double, _ end: Double, count: Int) -> [Float] {
        let (start, end) = (Float(start), Float(end))
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { index in
            index < count / 2
                ? start.addingProduct(step, Float(index))
                : end.addingProduct(-step, Float(count - 1 - index))
        }
    }
}

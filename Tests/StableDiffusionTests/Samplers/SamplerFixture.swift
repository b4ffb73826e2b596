// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import StableDiffusion

/// Sampling runs of diffusers, written by `Fixtures/samplers/make_samplers.py`.
struct SamplerFixture: Decodable {
    struct Run: Decodable, CustomTestStringConvertible {
        var scheduler: SchedulerName
        var prediction: String
        var steps: Int
        var strength: Double?
        var clipSample: Bool?
        var timesteps: [Float]
        /// The finished latents.
        var sample: [Float]
        /// The initial latents and those after each evaluation, for short runs.
        var samples: [[Float]]?

        var testDescription: String {
            let start = strength.map { "a picture, strength \($0)" } ?? "noise"
            return "\(scheduler.rawValue), \(prediction), \(steps) steps from \(start)"
        }
    }

    var seed: UInt64
    var configuration: SchedulerConfiguration
    var alphasCumprod: [String: [Float]]
    var runs: [Run]

    static let stored = try? JSONDecoder().decode(
        SamplerFixture.self,
        from: Data(contentsOf: Fixture.url("samplers/samplers.json"))
    )
}

extension SamplerFixture {
    static let latentCount = 36

    /// The picture that image-to-image runs of the fixture start from.
    static let picture = (0..<latentCount).map { (Float($0) - 17.5) / 18 }

    /// The fixture's model: bounded, and of IEEE arithmetic only, so that it amplifies no rounding error.
    static func model(_ input: [Float], timestep: Float) -> [Float] {
        let offset = (timestep / 1000 - 0.5) * 0.1
        return input.map { $0 / ($0 * $0 + 1) * 0.7 + offset }
    }

    /// The latents before the first evaluation and after each, and the timesteps asked for.
    func replay(_ run: Run) throws -> (timesteps: [Float], samples: [[Float]]) {
        var configuration = configuration
        configuration.predictionType = PredictionType(rawValue: run.prediction) ?? configuration.predictionType
        configuration.clipSample = run.clipSample ?? configuration.clipSample
        var generator = TorchGenerator(seed: seed)
        let start: InitialLatents =
            run.strength.map { .image(Self.picture, strength: $0) } ?? .noise(count: Self.latentCount)
        var sampler = try run.scheduler.makeSampler(
            configuration: configuration,
            steps: run.steps,
            start: start,
            generator: &generator
        )
        var timesteps: [Float] = []
        var samples = [sampler.sample]
        while let evaluation = sampler.next {
            timesteps.append(evaluation.timestep)
            let output = Self.model(evaluation.input, timestep: evaluation.timestep)
            sampler.update(modelOutput: output, generator: &generator)
            samples.append(sampler.sample)
        }
        return (timesteps, samples)
    }
}

/// The largest difference of two vectors, relative to the largest value of the second; infinite if the sizes differ or
/// a value is not finite.
func relativeError(_ values: [Float], _ expected: [Float]) -> Float {
    guard values.count == expected.count, values.allSatisfy(\.isFinite) else { return .infinity }
    let scale = expected.map(abs).max() ?? 0
    let error = zip(values, expected).map { abs($0 - $1) }.max() ?? 0
    return scale > 0 ? error / scale : error
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import StableDiffusion

@Suite struct SamplerTests {
    @Test func `the fixture covers every scheduler`() throws {
        let fixture = try #require(SamplerFixture.stored)
        #expect(fixture.runs.count == 539)
        #expect(Set(fixture.runs.map(\.scheduler)) == Set(SchedulerName.allCases))
    }

    @Test(arguments: SamplerFixture.stored?.runs ?? [])
    func `follows diffusers from the first latents to the last`(run: SamplerFixture.Run) throws {
        let fixture = try #require(SamplerFixture.stored)
        let replayed = try fixture.replay(run)
        #expect(replayed.timesteps.count == run.timesteps.count)
        // Only the timesteps between two levels come from logarithms, whose last bit differs between libraries.
        let timestepError = zip(replayed.timesteps, run.timesteps).map { abs($0 - $1) }.max() ?? .infinity
        #expect(timestepError < 2e-4)
        #expect(relativeError(replayed.samples.last ?? [], run.sample) < 2e-6)
        if let samples = run.samples {
            #expect(replayed.samples.count == samples.count)
            for (sample, expected) in zip(replayed.samples, samples) {
                #expect(relativeError(sample, expected) < 2e-6)
            }
        }
    }

    @Test(arguments: SchedulerName.allCases)
    func `takes every step count from 1 to 150 and stays finite`(name: SchedulerName) throws {
        for steps in 1...150 {
            let predictionType = PredictionType.allCases[steps % PredictionType.allCases.count]
            var generator = TorchGenerator(seed: UInt64(steps))
            var sampler = try name.makeSampler(
                configuration: .stableDiffusion2(predictionType: predictionType),
                steps: steps,
                start: .noise(count: 2),
                generator: &generator
            )
            #expect(sampler.evaluationCount == name.evaluations(steps: steps))
            var timesteps: [Float] = []
            while let evaluation = sampler.next, sampler.completedEvaluations == timesteps.count {
                timesteps.append(evaluation.timestep)
                let output = SamplerFixture.model(evaluation.input, timestep: evaluation.timestep)
                sampler.update(modelOutput: output, generator: &generator)
            }
            #expect(timesteps.count == sampler.evaluationCount)
            #expect(sampler.completedEvaluations == sampler.evaluationCount)
            #expect(timesteps.allSatisfy { (0..<1000).contains($0) })
            #expect(sampler.sample.allSatisfy { $0.isFinite })
        }
    }

    /// A model that always sees the same picture leads every method to it, whatever the noise.
    @Test(arguments: SchedulerName.allCases, [1, 2, 7, 20])
    func `reaches the picture that the model predicts`(name: SchedulerName, steps: Int) throws {
        var configuration = SchedulerConfiguration.stableDiffusion2(predictionType: .sample)
        // Without this DDIM and PNDM stop at the first noise level of training.
        configuration.setAlphaToOne = true
        var generator = TorchGenerator(seed: 1)
        var sampler = try name.makeSampler(
            configuration: configuration,
            steps: steps,
            start: .noise(count: 36),
            generator: &generator
        )
        #expect(sampler.predictedOriginalSample == nil)
        while sampler.next != nil {
            sampler.update(modelOutput: SamplerFixture.picture, generator: &generator)
            let preview = try #require(sampler.predictedOriginalSample)
            #expect(relativeError(preview, SamplerFixture.picture) < 1e-5)
        }
        #expect(relativeError(sampler.sample, SamplerFixture.picture) < 1e-5)
    }

    @Test(arguments: SchedulerName.allCases)
    func `draws from the generator as often as diffusers`(name: SchedulerName) throws {
        let count = 20
        var generator = TorchGenerator(seed: 9)
        var sampler = try name.makeSampler(
            configuration: .stableDiffusion2(),
            steps: 6,
            start: .noise(count: count),
            generator: &generator
        )
        while let evaluation = sampler.next {
            sampler.update(modelOutput: evaluation.input, generator: &generator)
        }
        var expected = TorchGenerator(seed: 9)
        let stepDraws =
            switch name {
            case .ddpm, .eulerAncestral: 6
            case .dpm2AncestralKarras: 5
            default: 0
            }
        for _ in 0..<(1 + stepDraws) {
            _ = expected.normal(count: count)
        }
        #expect(generator.normal(count: count) == expected.normal(count: count))
    }

    @Test(arguments: SchedulerName.allCases)
    func `a copy of a sampler continues on its own`(name: SchedulerName) throws {
        var generator = TorchGenerator(seed: 4)
        var sampler = try name.makeSampler(
            configuration: .stableDiffusion2(),
            steps: 4,
            start: .noise(count: 16),
            generator: &generator
        )
        sampler.update(modelOutput: sampler.sample, generator: &generator)
        let before = sampler.sample
        let copy = sampler
        while let evaluation = sampler.next {
            sampler.update(modelOutput: evaluation.input, generator: &generator)
        }
        #expect(copy.sample == before)
        #expect(copy.completedEvaluations == 1)
        #expect(copy.next != nil)
    }
}

@Suite struct SamplerErrorTests {
    private func error(
        _ name: SchedulerName = .ddim,
        steps: Int = 10,
        start: InitialLatents = .noise(count: 4),
        _ change: (inout SchedulerConfiguration) -> Void = { _ in }
    ) -> SamplerError? {
        var configuration = SchedulerConfiguration.stableDiffusion2()
        change(&configuration)
        var generator = TorchGenerator(seed: 0)
        do throws(SamplerError) {
            _ = try name.makeSampler(configuration: configuration, steps: steps, start: start, generator: &generator)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [-1, 0, 1000, Int.max])
    func `refuses a number of steps that training cannot be divided into`(steps: Int) {
        #expect(error(steps: steps) == .stepsOutOfRange(steps, maximum: 999))
    }

    @Test(arguments: [-0.1, 1.01, .infinity])
    func `refuses a strength outside 0 to 1`(strength: Double) {
        #expect(error(start: .image([0], strength: strength)) == .strengthOutOfRange(strength))
    }

    @Test func `refuses a strength that is not a number`() {
        #expect(error(start: .image([0], strength: .nan)) != nil)
    }

    @Test(arguments: [0, 0.09])
    func `refuses a strength that leaves no step`(strength: Double) {
        #expect(error(start: .image([0], strength: strength)) == .strengthLeavesNoStep(strength, steps: 10))
    }

    @Test func `refuses an offset that leaves the training schedule`() {
        let error = error(steps: 999) { $0.stepsOffset = 2 }
        #expect(error == .timestepOutOfRange(1000, maximum: 999))
    }

    @Test(arguments: [nil, false])
    func `refuses Runge-Kutta steps for PNDM only`(skipPRKSteps: Bool?) {
        guard case .unsupported(.pndm, _) = error(.pndm, { $0.skipPRKSteps = skipPRKSteps }) else {
            Issue.record("PNDM accepted a configuration with Runge-Kutta steps")
            return
        }
        let other = error(.ddim) { $0.skipPRKSteps = skipPRKSteps }
        #expect(other == nil)
    }

    @Test func `messages name the value that is wrong`() {
        #expect(SamplerError.stepsOutOfRange(0, maximum: 999).description.contains("not 0"))
        #expect(SamplerError.strengthLeavesNoStep(0.01, steps: 20).description.contains("0.01 of 20 steps"))
        #expect(SamplerError.unsupported(.pndm, reason: "why").description.contains("PNDM"))
    }
}

extension SchedulerName {
    /// How often diffusers' pipeline evaluates the model for a number of steps.
    fileprivate func evaluations(steps: Int) -> Int {
        switch self {
        case .heun, .dpm2Karras, .dpm2AncestralKarras: 2 * steps - 1
        case .pndm: steps == 1 ? 1 : steps + 1
        default: steps
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import StableDiffusion

@Suite struct NoiseScheduleTests {
    @Test func `the products of a scaled linear schedule equal torch's bit for bit`() throws {
        let expected = try #require(SamplerFixture.stored?.alphasCumprod["scaled_linear"])
        #expect(NoiseSchedule(.stableDiffusion2()).alphasCumprod == expected)
    }

    @Test func `the products of a linear schedule equal torch's bit for bit`() throws {
        let expected = try #require(SamplerFixture.stored?.alphasCumprod["linear"])
        var configuration = SchedulerConfiguration.stableDiffusion2()
        configuration.betaSchedule = .linear
        configuration.betaStart = 0.0001
        configuration.betaEnd = 0.02
        #expect(NoiseSchedule(configuration).alphasCumprod == expected)
    }

    @Test func `sigmas of Stable Diffusion run from 0.029 to 14.6`() throws {
        let sigmas = NoiseSchedule(.stableDiffusion2()).sigmas
        #expect(sigmas.count == 1000)
        #expect(abs(sigmas[0] - 0.0291672) < 1e-6)
        #expect(abs(sigmas[999] - 14.6146) < 1e-4)
        #expect(zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(arguments: [0, 1, 0.25, 500.5, 998.75, 999])
    func `a timestep is found again by its sigma`(timestep: Double) {
        let schedule = NoiseSchedule(.stableDiffusion2())
        let found = schedule.timestep(logSigma: log(schedule.sigma(atTimestep: timestep)))
        // Between two levels sigma is interpolated linearly one way and logarithmically the other.
        #expect(abs(found - timestep) < (timestep == timestep.rounded() ? 1e-3 : 0.05))
    }

    @Test func `sigmas beyond the table are held at its ends`() {
        let schedule = NoiseSchedule(.stableDiffusion2())
        #expect(schedule.timestep(logSigma: -20.0) == 0)
        #expect(schedule.timestep(logSigma: 20.0) == 999)
    }

    @Test func `Karras levels of 25 steps are those of the paper's formula`() {
        let schedule = SigmaSchedule.karras(steps: 25, schedule: NoiseSchedule(.stableDiffusion2()))
        let expected: [Float] = [14.6146, 12.283, 10.2778]
        #expect(relativeError(Array(schedule.sigmas.prefix(3)), expected) < 1e-4)
        #expect(schedule.timesteps.prefix(4) == [999, 970, 938, 905])
        #expect(schedule.timesteps.suffix(3) == [4, 1, 0])
        #expect(schedule.sigmas.count == 26)
        #expect(schedule.sigmas.last == 0)
    }

    @Test func `whole timesteps are rounded half to even as numpy does`() {
        let timesteps = TimestepSpacing.roundedLinspace(steps: 30, trainTimesteps: 1000)
        #expect(timesteps.prefix(4) == [999, 966, 932, 899])
        #expect(timesteps.suffix(3) == [100, 67, 33])
        // 999 / 2 = 499.5
        #expect(TimestepSpacing.roundedLinspace(steps: 2, trainTimesteps: 1000) == [999, 500])
    }
}

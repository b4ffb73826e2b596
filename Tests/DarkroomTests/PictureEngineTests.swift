// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion
import Tensor
import Testing
import Worker

@Suite struct PictureEngineTests {
    @Test func theEngineKnowsEverySchedulerARequestCanName() {
        #expect(Set(Scheduler.allCases.map(\.rawValue)) == Set(SchedulerName.allCases.map(\.rawValue)))
    }

    @Test func wordsThatWereCutAreAWarning() throws {
        var parameters = parameters()
        parameters.prompt = String(repeating: "cat ", count: 100) + "rocket"
        let output = try engine().run(request(parameters))
        let warning = try #require(output.warnings.first)
        #expect(output.warnings.count == 1)
        #expect(warning.hasPrefix("prompt "))
        #expect(warning.contains("rocket"))
    }

    private func engine() throws -> PictureEngine {
        let device = CPUDevice(precision: .float32, threads: 2)
        return PictureEngine(
            modelName: "tiny",
            model: try StableDiffusionModel(ModelSource(path: DarkroomProcess.model), on: device)
        )
    }

    private func parameters() -> GenerationParameters {
        var parameters = GenerationParameters()
        parameters.prompt = "a cat"
        parameters.steps = 2
        parameters.seed = 1
        return parameters
    }

    private func request(_ parameters: GenerationParameters) throws -> GenerationRequest {
        var limits = GenerationLimits()
        limits.side = 8...512
        return try GenerationRequest(
            validating: parameters,
            limits: limits,
            defaults: GenerationDefaults(width: 64, height: 64)
        )
    }
}

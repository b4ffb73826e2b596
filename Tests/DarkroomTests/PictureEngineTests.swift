// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion
import Synchronization
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

    @Test func progressCountsTheEvaluationsOfEachPicture() async throws {
        let generator = InProcessGenerator(engine: try engine())
        var parameters = parameters()
        parameters.scheduler = "Heun"
        parameters.samples = 2
        let seen = Mutex<[GenerationProgress]>([])
        let result = try await generator.generate(request(parameters)) { step in
            seen.withLock { $0.append(step) }
        }
        #expect(result.images.map(\.seed.value) == [1, 2])
        let steps = seen.withLock { $0 }
        #expect(steps.allSatisfy { $0.steps == 3 && (0...3).contains($0.step) })
        #expect(steps.filter { $0.sample == 0 }.map(\.step) == [0, 1, 2, 3])
        #expect(steps.last == GenerationProgress(sample: 1, step: 3, steps: 3))
    }

    @Test func cancellingTheTaskStopsTheRun() async throws {
        let generator = InProcessGenerator(engine: try engine())
        var parameters = parameters()
        parameters.steps = 150
        parameters.samples = 10
        let request = try request(parameters)
        let task = Task { try await generator.generate(request) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
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

// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import StableDiffusion
import Testing

/// What is charged for and what is done, each known to a target that does not know the other.
@Suite struct EvaluationCountTests {
    @Test(arguments: Scheduler.allCases, [1, 2, 7, 25])
    func theEvaluationsThatArePaidForAreThoseThatAreMade(scheduler: Scheduler, steps: Int) throws {
        let request = try request(scheduler, steps)
        #expect(try evaluations(of: request, from: .noise(count: 16)) == request.evaluations)
    }

    @Test(arguments: Scheduler.allCases, [0.3, 0.5, 1])
    func aPictureFromAPictureCostsTheStepsItRuns(scheduler: Scheduler, strength: Double) throws {
        let reference = try RGBImage(width: 1, height: 1, pixels: [0, 0, 0])
        let file = try ImageEncoder(format: .png, quality: 100).encode(reference, metadata: ImageMetadata())
        let request = try request(scheduler, 10) { parameters in
            parameters.image = try ReferenceImage(validating: file, limits: DecodingLimits())
            parameters.strength = strength
        }
        let start = InitialLatents.image([Float](repeating: 0, count: 16), strength: strength)
        #expect(try evaluations(of: request, from: start) == request.evaluations)
    }

    private func evaluations(of request: GenerationRequest, from start: InitialLatents) throws -> Int {
        let scheduler = try #require(SchedulerName(rawValue: request.scheduler.rawValue))
        var generator = TorchGenerator(seed: 1)
        return try scheduler.makeSampler(
            configuration: .stableDiffusion2(),
            steps: request.steps,
            start: start,
            generator: &generator
        ).evaluationCount
    }

    private func request(
        _ scheduler: Scheduler,
        _ steps: Int,
        _ change: (inout GenerationParameters) throws -> Void = { _ in }
    ) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        parameters.scheduler = scheduler.rawValue
        parameters.steps = steps
        try change(&parameters)
        return try GenerationRequest(
            validating: parameters,
            limits: GenerationLimits(),
            defaults: GenerationDefaults(width: 512, height: 512)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import StableDiffusion
import Tensor
import Testing

@testable import Worker

/// What the service promises of batching: whoever else is in the batch, a picture has the bytes it has alone.
@Suite struct MixedBatchTests {
    /// Mixes drawn from a seed that a failure prints; more of them run where time is no matter.
    @Test(arguments: [UInt64(1), 2, 3, UInt64.random(in: 4 ... .max)])
    func everyPictureHasTheSameBytesAloneAndInAnyMix(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let alone = try TinyModel.engine(threads: 1)
        let together = try TinyModel.engine(threads: 2)
        var waiting = try (0..<8).map { _ in try request(using: &generator) }
        let expected = try waiting.map { try alone.run($0).images }
        var batch = StepBatch(rowLimit: Int.random(in: 2...16, using: &generator))
        var jobs: [Lease: Int] = [:]
        var made: [Int: [GeneratedImage]] = [:]

        while made.count < expected.count {
            // Jobs join at any time, several at once or after a while.
            while !waiting.isEmpty, batch.isEmpty || Int.random(in: 0..<4, using: &generator) == 0 {
                let job = ClaimedJob(
                    lease: Lease(job: JobID(), worker: WorkerID("w"), number: 1),
                    request: waiting.removeFirst(),
                    submitted: .now,
                    deadline: .now,
                    failures: 0
                )
                jobs[job.lease] = expected.count - waiting.count - 1
                batch.join(job, at: .now)
            }
            let turn = try #require(batch.schedule())
            for ending in batch.update(together.perform(turn), at: .now) {
                made[try #require(jobs[ending.lease])] = try ending.outcome.get().images
            }
        }
        for (index, images) in expected.enumerated() {
            #expect(made[index] == images, "request \(index) of seed \(seed)")
        }
    }

    private func request(using generator: inout SplitMix64) throws -> GenerationRequest {
        let start = try ImageEncoder(format: .png).encode(
            RGBImage(width: 32, height: 32, pixels: (0..<32 * 32 * 3).map { UInt8($0 % 251) })
        )
        return try .tiny {
            $0.prompt = ["a cat", "a dog", "", "a red cube"].randomElement(using: &generator)
            $0.negativePrompt = ["", "blurry"].randomElement(using: &generator)
            $0.scheduler = Scheduler.allCases.randomElement(using: &generator)?.rawValue
            $0.steps = Int.random(in: 2...6, using: &generator)
            $0.guidanceScale = [1, 3, 7.5].randomElement(using: &generator)
            $0.samples = Int.random(in: 1...3, using: &generator)
            $0.seed = Int64.random(in: 0 ... .max, using: &generator)
            $0.outputFormat = ImageFormat.allCases.randomElement(using: &generator)?.rawValue
            $0.width = 64
            $0.height = 48
            if Bool.random(using: &generator) {
                $0.image = try? ReferenceImage(validating: start, limits: DecodingLimits())
                $0.strength = 0.7
            }
        }
    }
}

/// Random numbers that a seed brings back (Steele, Lea and Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

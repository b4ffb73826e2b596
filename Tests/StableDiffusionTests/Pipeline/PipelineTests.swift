// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

/// Whole pictures of the tiny model against diffusers' pipelines.
@Suite struct PipelineTests {
    @Test(arguments: try Manifest.load().textToImage)
    func textToImageEqualsDiffusers(example: Example) throws {
        try expectSamePictures(example, file: "text-to-image")
    }

    @Test(arguments: try Manifest.load().imageToImage)
    func imageToImageEqualsDiffusers(example: Example) throws {
        try expectSamePictures(example, file: "image-to-image")
    }

    @Test func bfloat16PicturesAreNearFloat32Ones() throws {
        let example = try #require(try Manifest.load().textToImage.first)
        let golden = try SafetensorsFile(path: Fixture.url("pipelines/text-to-image.safetensors").path)
        let expected = try golden.integers("\(example.name).pictures").values
        let made = try example.run(precision: .bfloat16, golden: golden)
        let actual = made.pictures.flatMap { $0.picture.pixels.map(Int.init) }
        let squared = zip(actual, expected).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let psnr = 10 * log10(255 * 255 * Double(actual.count) / squared)
        #expect(psnr >= 30)
    }

    @Test func batchAndThreadsChangeNoByte() throws {
        let golden = try SafetensorsFile(path: Fixture.url("pipelines/text-to-image.safetensors").path)
        var example = try #require(try Manifest.load().textToImage.first { $0.scheduler == "Euler a" })
        example.samples = 3
        let alone = try example.run(precision: .bfloat16, golden: golden)
        let together = try example.run(precision: .bfloat16, golden: golden, batch: 3, threads: 5)
        #expect(alone.pictures.map(\.picture) == together.pictures.map(\.picture))

        // Each picture can be made again from the seed reported for it.
        example.samples = 1
        example.seed = Int(alone.pictures[2].seed)
        let again = try example.run(precision: .bfloat16, golden: golden, threads: 1)
        #expect(again.pictures[0].picture == alone.pictures[2].picture)
    }

    @Test func picturesOfDifferentRequestsShareABatchWithoutKnowingOfEachOther() throws {
        let tiny = try GoldenModel(precision: .bfloat16)
        let model = try StableDiffusionModel(tiny.source, on: tiny.device)
        let requests: [(PictureRequest, Bool)] = [
            (PictureRequest(prompt: "a cat", scheduler: .euler, steps: 4, seed: 1, width: 64, height: 64), true),
            (
                PictureRequest(
                    prompt: "",
                    scheduler: .ddim,
                    steps: 7,
                    guidanceScale: 1,
                    seed: 2,
                    width: 64,
                    height: 64
                ), false
            ),
            (
                PictureRequest(
                    prompt: "mars",
                    scheduler: .dpm2AncestralKarras,
                    steps: 3,
                    seed: 3,
                    width: 64,
                    height: 64
                ), true
            ),
        ]
        func start(_ request: PictureRequest, isGuided: Bool) throws -> Denoising {
            try model.start(
                request,
                seed: request.seed,
                moments: nil,
                prompt: model.conditioning(for: request.prompt),
                negativePrompt: isGuided ? model.conditioning(for: request.negativePrompt) : nil
            )
        }
        func finish(_ pictures: [Denoising]) throws -> [[Float]] {
            var pictures = pictures
            while pictures.contains(where: { !$0.isFinished }) { try model.step(&pictures) }
            return pictures.map(\.latents)
        }
        let started = try requests.map { try start($0.0, isGuided: $0.1) }
        let alone = try started.flatMap { try finish([$0]) }
        #expect(try finish(started) == alone)
        #expect(try finish(started.reversed()) == alone.reversed())

        // One that joins when the others are half way.
        var early = Array(started[..<2])
        try model.step(&early)
        #expect(try finish(early + [started[2]]) == alone)
    }

    @Test func progressCanStopARun() throws {
        struct Stop: Error {}
        let example = try #require(try Manifest.load().textToImage.first)
        let golden = try SafetensorsFile(path: Fixture.url("pipelines/text-to-image.safetensors").path)
        var evaluations = 0
        #expect(throws: Stop.self) {
            _ = try example.run(precision: .float32, golden: golden) { progress in
                evaluations = progress.evaluation
                if progress.evaluation == 2 { throw Stop() }
            }
        }
        #expect(evaluations == 2)
    }

    @Test func aSizeBetweenLatentsIsCutFromTheNextLargerOne() throws {
        let model = try StableDiffusionModel(
            GoldenModel().source,
            on: CPUDevice(precision: .float32, threads: 2)
        )
        let request = PictureRequest(prompt: "a cat", steps: 2, seed: 1, width: 60, height: 45)
        let picture = try model.generate(request).pictures[0].picture
        #expect((picture.width, picture.height) == (60, 45))
        let whole = try model.generate(PictureRequest(prompt: "a cat", steps: 2, seed: 1, width: 64, height: 48))
            .pictures[0].picture
        var cut: [UInt8] = []
        for y in 0..<45 {
            cut += whole.pixels[y * 192..<y * 192 + 180]
        }
        #expect(picture.pixels == cut)
        let reference = PictureRequest.Reference(picture: picture, strength: 0.5)
        let again = PictureRequest(prompt: "", steps: 2, seed: 1, width: 60, height: 45, reference: reference)
        #expect(try model.generate(again).evaluations == 1)
    }

    private func expectSamePictures(_ example: Example, file: String) throws {
        let golden = try SafetensorsFile(path: Fixture.url("pipelines/\(file).safetensors").path)
        let made = try example.run(precision: .float32, golden: golden)
        let actual = made.pictures.flatMap { $0.picture.pixels.map(Int.init) }
        let expected = try golden.integers("\(example.name).pictures").values
        #expect(actual.count == expected.count)
        let furthest = zip(actual, expected).map { abs($0 - $1) }.max() ?? .max
        #expect(furthest <= 1, "\(example.name)")
    }
}

/// `Fixtures/pipelines/manifest.json`.
struct Manifest: Decodable {
    var textToImage: [Example]
    var imageToImage: [Example]

    private enum CodingKeys: String, CodingKey {
        case textToImage = "text-to-image"
        case imageToImage = "image-to-image"
    }

    static func load() throws -> Manifest {
        try JSONDecoder().decode(
            Manifest.self,
            from: Data(contentsOf: Fixture.url("pipelines/manifest.json"))
        )
    }
}

/// One run of a diffusers pipeline.
struct Example: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var scheduler: String
    var seed: Int
    var steps: Int
    var guidance: Double
    var prompt: String
    var negativePrompt: String?
    var width: Int
    var height: Int
    var samples: Int
    var predictionType: String
    var strength: Double?

    var testDescription: String { name }

    private enum CodingKeys: String, CodingKey {
        case name, scheduler, seed, steps, guidance, prompt, width, height, samples, strength
        case negativePrompt = "negative_prompt"
        case predictionType = "prediction_type"
    }

    func run(
        precision: DType,
        golden: SafetensorsFile,
        batch: Int = 1,
        threads: Int = 2,
        progress: (PipelineProgress) throws -> Void = { _ in }
    ) throws -> PipelineResult {
        let golden = try strength.map { strength in
            let pixels = try golden.integers("\(width)x\(height).start").values.map { UInt8($0) }
            return PictureRequest.Reference(
                picture: Picture(width: width, height: height, pixels: pixels),
                strength: strength
            )
        }
        let prediction = try #require(PredictionType(rawValue: predictionType))
        let tiny = try GoldenModel(precision: precision, threads: threads, predictionType: prediction)
        let request = PictureRequest(
            prompt: prompt,
            negativePrompt: negativePrompt ?? "",
            scheduler: try #require(SchedulerName(rawValue: scheduler)),
            steps: steps,
            guidanceScale: guidance,
            seed: UInt64(seed),
            samples: samples,
            width: width,
            height: height,
            reference: golden
        )
        return try StableDiffusionModel(tiny.source, on: tiny.device)
            .generate(request, batch: batch, progress: progress)
    }
}

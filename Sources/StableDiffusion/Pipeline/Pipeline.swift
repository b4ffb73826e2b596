// SPDX-License-Identifier: Apache-2.0

import Tensor

extension StableDiffusionModel {
    /// Pixels beyond which a picture's sizes are a mistake.
    private static var largestSide: Int { 8192 }
    /// Pictures beyond which a run's number of them is a mistake.
    private static var mostSamples: Int { 1000 }

    /// Makes pictures from a prompt, as diffusers' `StableDiffusionPipeline` and `StableDiffusionImg2ImgPipeline` do with
    /// one generator per picture.
    ///
    /// - Parameters:
    ///   - batch: how many pictures share an evaluation of the UNet. No picture depends on it.
    ///   - progress: called before each evaluation and before each picture is decoded; what it throws ends the run.
    package func generate(
        _ request: PictureRequest,
        batch: Int = 1,
        progress: (PipelineProgress) throws -> Void = { _ in }
    ) throws -> PipelineResult {
        var timings = StageTimings()
        try validate(request)
        // However the run ends, what it needed goes back.
        defer { trim() }

        // 1. Text
        let (prompt, negativePrompt) = measure(&timings.textEncoding) {
            (
                conditioning(for: request.prompt),
                request.guidanceScale > 1 ? conditioning(for: request.negativePrompt) : nil
            )
        }

        // 2. Reference picture
        let moments = try measure(&timings.imageEncoding) { try request.reference.map { try encode($0.picture) } }

        var result = PipelineResult(pictures: [], evaluations: 0, timings: timings)
        var done = 0
        for first in stride(from: 0, to: request.samples, by: max(batch, 1)) {
            // 3. Noise
            var pictures = try (first..<min(first + max(batch, 1), request.samples)).map { index in
                try start(
                    request,
                    seed: request.seed &+ UInt64(index),
                    moments: moments,
                    prompt: prompt,
                    negativePrompt: negativePrompt
                )
            }

            // 4. Denoise
            let total = (pictures.first?.evaluationCount ?? 0) * request.samples
            func report(_ picture: Int) throws {
                try progress(
                    PipelineProgress(
                        picture: picture,
                        pictures: request.samples,
                        evaluation: done,
                        evaluations: total
                    )
                )
            }
            while pictures.contains(where: { !$0.isFinished }) {
                try report(first)
                try measure(&result.timings.denoising) { () throws(PipelineError) in try step(&pictures) }
                done += pictures.count
            }

            // 5. Decode. What the UNet needed is of other sizes, and would only add to the peak.
            trim()
            for (index, picture) in pictures.enumerated() {
                try report(first + index)
                let decoded = try measure(&result.timings.decoding) {
                    try decode(picture.latents, width: request.width, height: request.height)
                }
                result.pictures.append((picture.seed, decoded))
            }
        }
        result.evaluations = done
        return result
    }

    /// A picture's state before its first evaluation.
    package func start(
        _ request: PictureRequest,
        seed: UInt64,
        moments: LatentMoments?,
        prompt: Conditioning,
        negativePrompt: Conditioning?
    ) throws -> Denoising {
        let shape = latentShape(width: request.width, height: request.height)
        var generator = TorchGenerator(seed: seed)
        // diffusers draws the reference's latents from the same generator before the noise.
        let initial: InitialLatents =
            if let moments, let reference = request.reference {
                .image(
                    moments.sample(noise: generator.normal(count: shape.count))
                        .map { $0 * autoencoder.configuration.scalingFactor },
                    strength: reference.strength
                )
            } else {
                .noise(count: shape.count)
            }
        let sampler = try request.scheduler.makeSampler(
            configuration: scheduler,
            steps: request.steps,
            start: initial,
            generator: &generator
        )
        return Denoising(
            seed: seed,
            shape: shape,
            prompt: prompt,
            negativePrompt: negativePrompt,
            guidanceScale: Float(request.guidanceScale),
            sampler: sampler,
            generator: generator
        )
    }

    private func validate(_ request: PictureRequest) throws(PipelineError) {
        for (field, side) in [("width", request.width), ("height", request.height)]
        where !(1...Self.largestSide).contains(side) {
            throw .invalidRequest(field: field, reason: "\(side) is not between 1 and \(Self.largestSide) pixels")
        }
        guard (1...Self.mostSamples).contains(request.samples) else {
            throw .invalidRequest(field: "samples", reason: "must be between 1 and \(Self.mostSamples)")
        }
        if let picture = request.reference?.picture,
            picture.width != request.width || picture.height != request.height
        {
            throw .invalidRequest(
                field: "image",
                reason: "\(picture.width)x\(picture.height) is not the requested \(request.width)x\(request.height)"
            )
        }
    }
}

/// Runs `body` and adds the seconds it took to `seconds`.
private func measure<Result, Failure: Error>(
    _ seconds: inout Double,
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    defer { seconds += (clock.now - start) / .seconds(1) }
    return try body()
}

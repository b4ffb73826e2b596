// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// What a run of the pipeline made, and what it took.
package struct PipelineResult: Sendable {
    /// One per sample, in order, with the seed it can be made again from.
    package var pictures: [(seed: UInt64, picture: Picture)]
    /// Evaluations of the UNet, all pictures together.
    package var evaluations: Int
    package var timings: StageTimings
}

/// Seconds spent in each stage.
package struct StageTimings: Hashable, Sendable, Codable {
    package var textEncoding = 0.0
    package var imageEncoding = 0.0
    package var denoising = 0.0
    package var decoding = 0.0
}

/// How far a run is.
package struct PipelineProgress: Hashable, Sendable {
    /// The picture being made, from 0.
    package var picture: Int
    package var pictures: Int
    /// Evaluations of the UNet done, and in all, over all pictures.
    package var evaluation: Int
    package var evaluations: Int
}

extension StableDiffusionModel {
    /// Makes pictures from a prompt, as diffusers' `StableDiffusionPipeline` and `StableDiffusionImg2ImgPipeline` do with
    /// one generator per picture.
    ///
    /// - Parameters:
    ///   - batch: how many pictures share an evaluation of the UNet. No picture depends on it.
    ///   - progress: called before each evaluation and after the last; what it throws ends the run.
    package func generate(
        _ request: PictureRequest,
        batch: Int = 1,
        progress: (PipelineProgress) throws -> Void = { _ in }
    ) throws -> PipelineResult {
        var timings = StageTimings()
        try validate(request)

        // 1. Text
        let (prompt, negativePrompt) = measure(&timings.textEncoding) {
            (
                conditioning(for: request.prompt),
                request.guidanceScale > 1 ? conditioning(for: request.negativePrompt) : nil
            )
        }

        // 2. Reference picture
        let moments = measure(&timings.imageEncoding) { request.reference.map { encode($0.picture) } }

        var result = PipelineResult(pictures: [], evaluations: 0, timings: timings)
        var done = 0
        var total: Int?
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
            let evaluations = pictures.first.map(\.evaluationCount) ?? 0
            total = total ?? evaluations * request.samples

            // 4. Denoise
            while pictures.contains(where: { !$0.isFinished }) {
                try progress(
                    PipelineProgress(
                        picture: first,
                        pictures: request.samples,
                        evaluation: done,
                        evaluations: total ?? 0
                    )
                )
                measure(&result.timings.denoising) { step(&pictures) }
                done += pictures.count
            }

            // 5. Decode
            for picture in pictures {
                let decoded = try measure(&result.timings.decoding) {
                    try decode(picture.latents, width: request.width, height: request.height)
                }
                result.pictures.append((picture.seed, decoded))
            }
        }
        result.evaluations = done
        try progress(
            PipelineProgress(
                picture: request.samples - 1,
                pictures: request.samples,
                evaluation: done,
                evaluations: done
            )
        )
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

    /// The latents of a picture, rounded up to whole ones: the decoded picture is cut to its size.
    package func latentShape(width: Int, height: Int) -> LatentShape {
        let factor = autoencoder.factor
        return LatentShape(
            channels: unet.configuration.inputChannels,
            height: (height + factor - 1) / factor,
            width: (width + factor - 1) / factor
        )
    }

    /// Latents to a picture.
    ///
    /// - Parameters:
    ///   - latents: `[channels, height, width]` of ``latentShape(width:height:)``, as the sampler leaves them.
    ///   - width: of the picture, in pixels.
    ///   - height: of the picture, in pixels.
    package func decode(_ latents: [Float], width: Int, height: Int) throws(PipelineError) -> Picture {
        let shape = latentShape(width: width, height: height)
        let scaled = shape.channelsLast(latents.map { $0 / autoencoder.configuration.scalingFactor })
        guard scaled.allSatisfy(\.isFinite) else {
            throw .invalidOutput("the latents have values that are not numbers")
        }
        device.trim()
        let decoded = autoencoder.decoder(
            device.upload(scaled, shape: [1, shape.height, shape.width, shape.channels])
        )
        let values = device.download(decoded)
        device.trim()
        return try Picture(decoded: values, width: decoded.shape[2], height: decoded.shape[1])
            .cropped(width: width, height: height)
    }

    /// A picture to the distribution of its latents.
    package func encode(_ picture: Picture) -> LatentMoments {
        let shape = latentShape(width: picture.width, height: picture.height)
        let padded = picture.padded(
            width: shape.width * autoencoder.factor,
            height: shape.height * autoencoder.factor
        )
        let moments = autoencoder.encoder(
            device.upload(padded.normalized, shape: [1, padded.height, padded.width, 3])
        )
        let values = LatentShape(channels: 2 * shape.channels, height: shape.height, width: shape.width)
            .channelsFirst(device.download(moments))
        device.trim()
        return LatentMoments(mean: Array(values[..<shape.count]), logVariance: Array(values[shape.count...]))
    }

    private func validate(_ request: PictureRequest) throws(PipelineError) {
        for (field, side) in [("width", request.width), ("height", request.height)]
        where side <= 0 {
            throw .invalidRequest(field: field, reason: "\(side) is not a number of pixels")
        }
        guard request.samples >= 1 else {
            throw .invalidRequest(field: "samples", reason: "\(request.samples) pictures cannot be made")
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

/// The normal distribution of each latent that the encoder gives for a picture, `[channels, height, width]`.
package struct LatentMoments: Sendable {
    package var mean: [Float]
    package var logVariance: [Float]

    /// One draw: diffusers' `DiagonalGaussianDistribution.sample`.
    package func sample(noise: [Float]) -> [Float] {
        mean.indices.map { index in
            mean[index] + Foundation.exp(0.5 * min(max(logVariance[index], -30), 20)) * noise[index]
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

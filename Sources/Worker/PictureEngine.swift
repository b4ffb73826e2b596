// SPDX-License-Identifier: Apache-2.0

import ImageCodec
package import Jobs
package import StableDiffusion

/// Turns validated requests into picture files on a loaded model.
///
/// The only place where a request's words meet the engine's: above it there are no tensors, below it no HTTP.
package struct PictureEngine: Sendable {
    /// The model's name, as picture files report it.
    package let modelName: String
    package let model: StableDiffusionModel
    let conditionings: ConditioningCache
    let sketches: SketchMap.Once

    package init(modelName: String, model: StableDiffusionModel) {
        self.modelName = modelName
        self.model = model
        conditionings = ConditioningCache()
        sketches = SketchMap.Once()
    }

    /// What a run made and what it took.
    package struct Output: Sendable {
        /// The pictures as files, in the order of their seeds.
        package var images: [GeneratedImage]
        /// What was done otherwise than asked.
        package var warnings: [String]
        /// Evaluations of the UNet, all pictures together.
        package var evaluations: Int
        /// Seconds in each stage of the model.
        package var timings: StageTimings
        /// Seconds spent writing picture files.
        package var fileEncoding: Double
    }

    /// Makes the pictures of `request`; blocks until they are done.
    ///
    /// - Parameter progress: called before each evaluation of the UNet and before each picture is decoded; what it
    ///   throws ends the run.
    package func run(
        _ request: GenerationRequest,
        progress: (PipelineProgress) throws -> Void = { _ in }
    ) throws -> Output {
        let result = try model.generate(try pictureRequest(request), progress: progress)
        let clock = ContinuousClock()
        let start = clock.now
        let images = try result.pictures.enumerated().map { index, made in
            try image(made.picture, seed: request.seed.advanced(by: index), of: request)
        }
        return Output(
            images: images,
            warnings: warnings(for: request),
            evaluations: result.evaluations,
            timings: result.timings,
            fileEncoding: (clock.now - start) / .seconds(1)
        )
    }

    func pictureRequest(_ request: GenerationRequest) throws -> PictureRequest {
        guard let scheduler = SchedulerName(rawValue: request.scheduler.rawValue) else {
            preconditionFailure("the engine lacks the scheduler \(request.scheduler.rawValue)")
        }
        return PictureRequest(
            prompt: request.prompt,
            negativePrompt: request.negativePrompt,
            scheduler: scheduler,
            steps: request.steps,
            guidanceScale: request.guidanceScale,
            seed: UInt64(request.seed.value),
            samples: request.samples,
            width: request.width,
            height: request.height,
            reference: try reference(of: request)
        )
    }

    private func reference(of request: GenerationRequest) throws -> PictureRequest.Reference? {
        guard case .image(let image, let strength) = request.start else { return nil }
        // Decoded within limits when the request was validated, so it decodes again.
        let decoded = try ImageDecoder().decode(image.bytes).image
            .resized(width: request.width, height: request.height)
        return PictureRequest.Reference(
            picture: Picture(width: decoded.width, height: decoded.height, pixels: decoded.pixels),
            strength: strength
        )
    }

    func image(_ picture: Picture, seed: Seed, of request: GenerationRequest) throws -> GeneratedImage {
        let isComposite = request.start != .noise
        let metadata = ImageMetadata(
            parameters: request.parametersText(seed: seed, model: modelName),
            digitalSourceType: isComposite ? .compositeWithTrainedAlgorithmicMedia : .trainedAlgorithmicMedia
        )
        let pixels = try RGBImage(width: picture.width, height: picture.height, pixels: picture.pixels)
        return GeneratedImage(
            bytes: try ImageEncoder(format: request.outputFormat, quality: request.quality)
                .encode(pixels, metadata: metadata),
            format: request.outputFormat,
            width: picture.width,
            height: picture.height,
            seed: seed
        )
    }

    func warnings(for request: GenerationRequest) -> [String] {
        let prompts = [("prompt", request.prompt), ("negative_prompt", request.negativePrompt)]
        return prompts.compactMap { field, prompt in
            guard let cut = model.tokenizer.encode(prompt).cut else { return nil }
            return "\(field) is longer than \(model.tokenizer.contextLength - 2) tokens; this was cut: \(cut)"
        }
    }
}

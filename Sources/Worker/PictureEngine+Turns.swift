// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion

extension PictureEngine {
    /// Does one turn; blocks until it is done.
    ///
    /// Whatever pictures share an evaluation, each gets the bytes that ``run(_:progress:)`` gives it alone, as far as
    /// the device keeps ``Device``'s promise.
    package func perform(_ turn: Turn) -> TurnResult {
        switch turn {
        case .begin(let lease, let request):
            .begun(lease, attempt { try begin(request) })
        case .step(let pictures):
            .stepped(step(pictures))
        case .finish(let key, let denoising, let request):
            .finished(key, attempt { try finish(denoising, index: key.index, of: request) })
        }
    }

    private func begin(_ request: GenerationRequest) throws -> Beginning {
        let request = (generation: request, picture: try pictureRequest(request))
        // 1. Text
        let prompt = conditionings.conditioning(for: request.picture.prompt, with: model)
        let negativePrompt =
            request.picture.guidanceScale > 1
            ? conditionings.conditioning(for: request.picture.negativePrompt, with: model) : nil

        // 2. Reference picture
        let moments = try request.picture.reference.map { try model.encode($0.picture) }

        // 3. Noise
        let pictures = try (0..<request.picture.samples).map { index in
            try model.start(
                request.picture,
                seed: request.picture.seed &+ UInt64(index),
                moments: moments,
                prompt: prompt,
                negativePrompt: negativePrompt
            )
        }
        return Beginning(pictures: pictures, warnings: warnings(for: request.generation))
    }

    private func step(
        _ pictures: [(key: PictureKey, denoising: Denoising)]
    ) -> [(key: PictureKey, result: Result<Denoising, TurnFailure>)] {
        var denoisings = pictures.map(\.denoising)
        do {
            try model.step(&denoisings)
        } catch {
            guard pictures.count > 1 else { return [(key: pictures[0].key, result: .failure(TurnFailure(error)))] }
            // One of them has values that are not numbers. Alone, each shows whether it is the one.
            return pictures.flatMap { step([$0]) }
        }
        return zip(pictures, denoisings).map { (key: $0.key, result: .success($1)) }
    }

    private func finish(_ denoising: Denoising, index: Int, of request: GenerationRequest) throws -> GeneratedImage {
        let picture = try model.decode(denoising.latents, width: request.width, height: request.height)
        return try image(picture, seed: request.seed.advanced(by: index), of: request)
    }

    private func attempt<Value>(_ body: () throws -> Value) -> Result<Value, TurnFailure> {
        Result { try body() }.mapError(TurnFailure.init)
    }
}

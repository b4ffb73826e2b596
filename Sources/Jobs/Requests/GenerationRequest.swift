// SPDX-License-Identifier: Apache-2.0

package import ImageCodec

/// Pictures that can be made: every field decided, every value legal, the seed fixed.
///
/// The same request makes the same pictures whenever and wherever it runs. It is what a job's record stores.
package struct GenerationRequest: Codable, Equatable, Sendable {
    /// What the picture shows; may be empty.
    package let prompt: String
    /// What the picture must not show; empty for nothing.
    package let negativePrompt: String
    /// How many pictures to make.
    package let samples: Int
    /// The sampler.
    package let scheduler: Scheduler
    /// The sampler's steps.
    package let steps: Int
    /// How strongly the prompt is followed.
    package let guidanceScale: Double
    /// The seed of the first picture; picture k has `seed.advanced(by: k)`.
    package let seed: Seed
    /// Width in pixels.
    package let width: Int
    /// Height in pixels.
    package let height: Int
    /// What the pictures are made from.
    package private(set) var start: Start
    /// The file format of the pictures.
    package let outputFormat: ImageFormat
    /// The fidelity of JPEG and WebP files, 1 to 100.
    package let quality: Int

    /// What the sampler starts from.
    package enum Start: Codable, Equatable, Sendable {
        /// Noise alone.
        case noise
        /// A reference picture, resized to the request's size, with noise in proportion to `strength`: 0 leaves the picture
        /// as it is, 1 repaints all of it.
        case image(ReferenceImage, strength: Double)
    }
}

extension GenerationRequest {
    /// The same request, made from something else.
    func starting(from start: Start) -> GenerationRequest {
        var request = self
        request.start = start
        return request
    }

    /// The same request without the bytes of its reference picture, for those who tell of it while it is carried out.
    package func withoutReferenceFile() -> GenerationRequest {
        guard case .image(_, let strength) = start else { return self }
        return starting(from: .image(.withoutFile, strength: strength))
    }
}

extension ImageFormat: Codable {}

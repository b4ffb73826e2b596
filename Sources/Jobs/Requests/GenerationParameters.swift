// SPDX-License-Identifier: Apache-2.0

/// What a caller said about the pictures wanted, each field typed but not yet checked; `nil` is a field not said.
///
/// The API fills it from a body, the command line from its options; ``GenerationRequest`` is made of it.
package struct GenerationParameters: Equatable, Sendable {
    /// What the picture shows.
    package var prompt: String?
    /// What the picture must not show.
    package var negativePrompt: String?
    /// How many pictures are wanted.
    package var samples: Int?
    /// The sampler, by any name ``Scheduler/init(name:)`` knows.
    package var scheduler: String?
    /// The sampler's steps.
    package var steps: Int?
    /// How strongly the prompt is followed; 1 or less means that the negative prompt plays no part.
    package var guidanceScale: Double?
    /// How much of the reference picture is repainted, 0 (nothing) to 1 (everything).
    package var strength: Double?
    /// The seed of the first picture; -1 asks for a random one, as `nil` does.
    package var seed: Int64?
    /// Width in pixels.
    package var width: Int?
    /// Height in pixels.
    package var height: Int?
    /// The picture to start from.
    package var image: ReferenceImage?
    /// The file format wanted: a format's name or one of its file name extensions.
    package var outputFormat: String?
    /// The fidelity of JPEG and WebP files, 1 to 100.
    package var quality: Int?

    /// Nothing said.
    package init() {}
}

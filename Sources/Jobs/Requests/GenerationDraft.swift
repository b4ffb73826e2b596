// SPDX-License-Identifier: Apache-2.0

import ImageCodec

/// A request whose every value is legal and whose reference picture, if it has one, is still to be read.
///
/// Reading a picture costs a thousand times what checking the other values does, so they are checked first.
package struct GenerationDraft: Equatable, Sendable {
    private let request: GenerationRequest
    private let strength: Double

    /// Checks what a caller said against `limits`, fills in what was not said, and fixes the seed.
    ///
    /// Nothing is clamped: the first value outside its limits is refused by name.
    ///
    /// - Parameters:
    ///   - parameters: What the caller said. Its `image` is not looked at.
    ///   - startsFromImage: Whether there will be a reference picture.
    ///   - limits: What a request may ask for.
    ///   - defaults: What a request gets for a field not said. They are checked like anything else, so that an operator whose
    ///     limits exclude the defaults is told so.
    ///   - generator: Where a random seed comes from.
    package init(
        validating parameters: GenerationParameters,
        startsFromImage: Bool,
        limits: GenerationLimits,
        defaults: GenerationDefaults,
        using generator: inout some RandomNumberGenerator
    ) throws(ValidationError) {
        let steps = try Self.number(parameters.steps ?? defaults.steps, .steps, in: limits.steps)
        // Checked without an image too, where it has no effect: a wrong value is a mistake either way.
        strength = try Self.number(parameters.strength ?? defaults.strength, .strength, in: limits.strength)
        // Image to image runs the last `strength` of the steps; none would give the picture back.
        guard !startsFromImage || Int(Double(steps) * strength) > 0 else {
            throw ValidationError(.strength, "must leave at least one of the \(steps) steps to run", given: strength)
        }
        request = GenerationRequest(
            prompt: try Self.text(parameters.prompt, .prompt, limits),
            negativePrompt: try Self.text(parameters.negativePrompt, .negativePrompt, limits),
            samples: try Self.number(parameters.samples ?? defaults.samples, .samples, in: limits.samples),
            scheduler: try Self.scheduler(parameters.scheduler, default: defaults.scheduler),
            steps: steps,
            guidanceScale: try Self.number(
                parameters.guidanceScale ?? defaults.guidanceScale,
                .guidanceScale,
                in: limits.guidanceScale
            ),
            seed: try Self.seed(parameters.seed, using: &generator),
            width: try Self.side(parameters.width ?? defaults.width, .width, limits),
            height: try Self.side(parameters.height ?? defaults.height, .height, limits),
            start: .noise,
            outputFormat: try Self.format(parameters.outputFormat, default: defaults.outputFormat),
            quality: try Self.number(parameters.quality ?? defaults.quality, .quality, in: limits.quality)
        )
    }

    /// Checks what a caller said, with a random seed from the system.
    package init(
        validating parameters: GenerationParameters,
        startsFromImage: Bool,
        limits: GenerationLimits,
        defaults: GenerationDefaults
    ) throws(ValidationError) {
        var generator = SystemRandomNumberGenerator()
        try self.init(
            validating: parameters,
            startsFromImage: startsFromImage,
            limits: limits,
            defaults: defaults,
            using: &generator
        )
    }

    /// The request, started from `image`, or from noise alone without one.
    package func request(startingFrom image: ReferenceImage?) -> GenerationRequest {
        guard let image else { return request }
        return request.starting(from: .image(image, strength: strength))
    }
}

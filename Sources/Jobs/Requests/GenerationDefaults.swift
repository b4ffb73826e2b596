// SPDX-License-Identifier: Apache-2.0

package import ImageCodec

/// What a request gets for each field it does not say.
package struct GenerationDefaults: Equatable, Sendable {
    /// The picture's width in pixels: the model's own.
    package var width: Int
    /// The picture's height in pixels: the model's own.
    package var height: Int
    /// How many pictures are made.
    package var samples = 1
    /// The sampler.
    package var scheduler = Scheduler.ddim
    /// The sampler's steps.
    package var steps = 25
    /// How strongly the prompt is followed.
    package var guidanceScale = 7.5
    /// How much of a reference picture is repainted.
    package var strength = 1.0
    /// The file format of the pictures.
    package var outputFormat = ImageFormat.jpeg
    /// The fidelity of JPEG and WebP files.
    package var quality = ImageEncoder.defaultQuality

    /// The documented defaults for a model that was trained on pictures of `width` by `height` pixels.
    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// The defaults, lowered or raised to what may be asked for: a request that says nothing is a legal one.
    package func within(_ limits: GenerationLimits) -> GenerationDefaults {
        var defaults = self
        defaults.width = limits.side(nearest: width)
        defaults.height = limits.side(nearest: height)
        defaults.samples = samples.clamped(to: limits.samples)
        defaults.steps = steps.clamped(to: limits.steps)
        return defaults
    }
}

extension GenerationLimits {
    /// The length a side may have that is nearest to another length.
    fileprivate func side(nearest length: Int) -> Int {
        let length = length.clamped(to: side)
        let lower = length - length % sideMultiple
        return side.contains(lower) ? lower : lower + sideMultiple
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

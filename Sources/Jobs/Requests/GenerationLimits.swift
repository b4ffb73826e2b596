// SPDX-License-Identifier: Apache-2.0

/// What one request may ask for.
///
/// The defaults are the documented ones; operators can lower or raise them.
package struct GenerationLimits: Equatable, Sendable {
    /// The longest prompt or negative prompt, in Unicode code points.
    package var promptLength = 4_000
    /// How many pictures one request may ask for.
    package var samples: ClosedRange<Int> = 1...10
    /// How many steps the sampler may take.
    package var steps: ClosedRange<Int> = 1...150
    /// How strongly the prompt may be followed.
    package var guidanceScale: ClosedRange<Double> = 0...30
    /// How much of a reference picture may be repainted.
    package var strength: ClosedRange<Double> = 0...1
    /// How long a side of the picture may be, in pixels.
    package var side: ClosedRange<Int> = 256...1024
    /// What both sides must be a multiple of, in pixels.
    ///
    /// Any number works: the autoencoder makes pictures in steps of its scale factor, and what is too much is cut off.
    package var sideMultiple = 8
    /// The fidelity of JPEG and WebP files.
    package var quality: ClosedRange<Int> = 1...100

    /// The documented limits.
    package init() {}
}

// SPDX-License-Identifier: Apache-2.0

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

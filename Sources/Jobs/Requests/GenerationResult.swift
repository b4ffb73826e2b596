// SPDX-License-Identifier: Apache-2.0

package import ImageCodec

/// The pictures of one request, and what its caller should know about them.
package struct GenerationResult: Equatable, Sendable {
    /// The pictures, in the order of their seeds.
    package var images: [GeneratedImage]
    /// What was done otherwise than asked (words of the prompt cut off, …), one sentence each.
    package var warnings: [String]
    /// Where the time went.
    package var timings: GenerationTimings

    /// The result of a request.
    package init(images: [GeneratedImage], warnings: [String] = [], timings: GenerationTimings) {
        self.images = images
        self.warnings = warnings
        self.timings = timings
    }
}

/// One picture as a file, with the seed it can be made from again.
package struct GeneratedImage: Equatable, Sendable {
    /// The whole file.
    package var bytes: [UInt8]
    /// The file's format.
    package var format: ImageFormat
    /// Width in pixels.
    package var width: Int
    /// Height in pixels.
    package var height: Int
    /// The seed that makes this picture alone.
    package var seed: Seed

    /// An encoded picture.
    package init(bytes: [UInt8], format: ImageFormat, width: Int, height: Int, seed: Seed) {
        self.bytes = bytes
        self.format = format
        self.width = width
        self.height = height
        self.seed = seed
    }
}

/// Where the time of a request went.
package struct GenerationTimings: Equatable, Codable, Sendable {
    /// From being accepted to being started.
    package var queue: Duration
    /// From being started to the last picture's file.
    package var inference: Duration

    /// The times of a request.
    package init(queue: Duration = .zero, inference: Duration) {
        self.queue = queue
        self.inference = inference
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What one run of the pipeline makes.
package struct PictureRequest: Sendable {
    package var prompt: String
    package var negativePrompt: String
    package var scheduler: SchedulerName
    /// Steps of the whole schedule; image-to-image runs the last `strength` of them.
    package var steps: Int
    /// How far each step goes from the negative prompt's prediction towards and beyond the prompt's; 1 or less uses the
    /// prompt alone, at half the work.
    package var guidanceScale: Double
    /// Picture k is drawn from the noise of `seed + k`.
    package var seed: UInt64
    package var samples: Int
    /// Pixels.
    package var width: Int
    package var height: Int
    /// A picture to start from.
    package var reference: Reference?

    /// Where image-to-image starts.
    package struct Reference: Sendable {
        /// Of the requested width and height.
        package var picture: Picture
        /// 0…1: how much of it is changed.
        package var strength: Double

        package init(picture: Picture, strength: Double) {
            self.picture = picture
            self.strength = strength
        }
    }

    package init(
        prompt: String,
        negativePrompt: String = "",
        scheduler: SchedulerName = .ddim,
        steps: Int = 25,
        guidanceScale: Double = 7.5,
        seed: UInt64,
        samples: Int = 1,
        width: Int,
        height: Int,
        reference: Reference? = nil
    ) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.scheduler = scheduler
        self.steps = steps
        self.guidanceScale = guidanceScale
        self.seed = seed
        self.samples = samples
        self.width = width
        self.height = height
        self.reference = reference
    }
}

/// Why the pipeline made no picture.
package enum PipelineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request cannot be met by this model; says which field and why.
    case invalidRequest(field: String, reason: String)
    /// The networks gave something that is no picture.
    case invalidOutput(String)

    package var description: String {
        switch self {
        case .invalidRequest(let field, let reason): "\(field): \(reason)"
        case .invalidOutput(let reason): reason
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion

/// A job that a worker has.
struct RunningJob: Sendable {
    /// A picture on its way.
    enum PictureState: Sendable {
        case denoising(Denoising)
        case done(GeneratedImage)
    }

    let claimed: ClaimedJob
    let joined: ContinuousClock.Instant
    /// In the order of their seeds; empty before the job has begun.
    var pictures: [PictureState] = []
    private(set) var warnings: [String] = []

    init(claimed: ClaimedJob, joined: ContinuousClock.Instant) {
        self.claimed = claimed
        self.joined = joined
    }

    mutating func begin(_ beginning: Beginning) {
        pictures = beginning.pictures.map(PictureState.denoising)
        warnings = beginning.warnings
    }

    var isBegun: Bool { !pictures.isEmpty }

    /// Whether the job is kept apart from others.
    var isSolitary: Bool { claimed.failures > 0 }

    /// Rows of the UNet that a picture takes: with guidance also one for the negative prompt.
    var rowsPerPicture: Int { claimed.request.guidanceScale > 1 ? 2 : 1 }

    /// Rows that all pictures still to be made take.
    var openRows: Int {
        rowsPerPicture * (isBegun ? unfinished.count : claimed.request.samples)
    }

    /// The pictures that want an evaluation.
    var unfinished: [(index: Int, denoising: Denoising)] {
        pictures.enumerated().compactMap { index, picture in
            guard case .denoising(let denoising) = picture, !denoising.isFinished else { return nil }
            return (index, denoising)
        }
    }

    /// A picture that wants no more evaluations and is no file yet.
    var finished: (index: Int, denoising: Denoising)? {
        for (index, picture) in pictures.enumerated() {
            if case .denoising(let denoising) = picture, denoising.isFinished { return (index, denoising) }
        }
        return nil
    }

    /// What the job made, once all of it is done.
    func result(at now: ContinuousClock.Instant) -> GenerationResult? {
        let images = pictures.compactMap { picture in
            if case .done(let image) = picture { image } else { nil }
        }
        guard isBegun, images.count == pictures.count else { return nil }
        return GenerationResult(
            images: images,
            warnings: warnings,
            timings: GenerationTimings(inference: now - joined)
        )
    }

    /// The evaluations done, told as if the pictures were made one after the other.
    ///
    /// Evaluations count as steps: some samplers take two of them a step.
    var progress: GenerationProgress {
        let perPicture =
            pictures.lazy.compactMap { picture in
                if case .denoising(let denoising) = picture { denoising.evaluationCount } else { nil }
            }.first ?? claimed.request.evaluations
        let done = pictures.reduce(0) { sum, picture in
            if case .denoising(let denoising) = picture {
                sum + denoising.completedEvaluations
            } else {
                sum + perPicture
            }
        }
        let sample = min(done / perPicture, pictures.count - 1)
        return GenerationProgress(sample: sample, step: done - sample * perPicture, steps: perPicture)
    }

    /// What the first picture on its way is expected to become.
    var sketch: [Float]? {
        unfinished.first?.denoising.predictedLatents
    }
}

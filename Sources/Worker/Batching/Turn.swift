// SPDX-License-Identifier: Apache-2.0

package import Jobs
package import StableDiffusion

/// A picture of a job that a worker has.
package struct PictureKey: Hashable, Sendable {
    /// Whose it is.
    package var lease: Lease
    /// Which of the job's pictures it is, from 0.
    package var index: Int
}

/// What a worker does without looking up: at most one evaluation of a network.
///
/// Between two turns jobs join and leave.
package enum Turn: Sendable {
    /// From a request to the first latents of its pictures.
    case begin(Lease, GenerationRequest)
    /// One evaluation of the UNet that all of these pictures share.
    ///
    /// Their order stays from turn to turn, so that the prompts' keys and values need not be stacked anew.
    case step([(key: PictureKey, denoising: Denoising)])
    /// From finished latents to a picture file.
    case finish(PictureKey, Denoising, GenerationRequest)
}

/// What came of a turn.
package enum TurnResult: Sendable {
    case begun(Lease, Result<Beginning, TurnFailure>)
    case stepped([(key: PictureKey, result: Result<Denoising, TurnFailure>)])
    case finished(PictureKey, Result<GeneratedImage, TurnFailure>)
}

/// A job before its first evaluation.
package struct Beginning: Sendable {
    /// Its pictures, in the order of their seeds.
    package var pictures: [Denoising]
    /// What is done otherwise than asked, one sentence each.
    package var warnings: [String]
}

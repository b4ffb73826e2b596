// SPDX-License-Identifier: Apache-2.0

/// One evaluation of the model that a sampler asks for.
package struct Evaluation: Sendable, Equatable {
    /// The timestep to give to the model; it may have a fraction.
    package var timestep: Float
    /// The latents to give to the model, scaled as the sampler's method wants them.
    package var input: [Float]
}

/// The denoising of one picture, as a state machine over evaluations of the model.
///
/// A sampler does not call the model: it says what it wants evaluated next and takes the answer, so that whoever drives
/// it can batch pictures, report progress, show previews and stop at every evaluation:
///
///     while let evaluation = sampler.next {
///         let output = model(evaluation.input, evaluation.timestep)
///         sampler.update(modelOutput: output, generator: &generator)
///     }
///     decode(sampler.sample)
///
/// Latents are flat, of one picture, in the order in which the noise was drawn (torch's NCHW).
package protocol Sampler: Sendable {
    /// Number of evaluations of the model in the whole run.
    var evaluationCount: Int { get }
    /// Number of evaluations answered so far.
    var completedEvaluations: Int { get }
    /// The evaluation wanted next, or nil when the picture is finished.
    var next: Evaluation? { get }
    /// The current latents; those of the picture when there is no next evaluation.
    var sample: [Float] { get }
    /// The finished latents as the last model output predicts them, for previews; nil before the first output.
    var predictedOriginalSample: [Float]? { get }

    /// Takes the model's output, after guidance, for `next`.
    ///
    /// Samplers that add noise draw it from `generator`, which has to be the one that the initial noise came from.
    /// It is a programming error to call this when there is no next evaluation or with latents of another size.
    mutating func update(modelOutput: [Float], generator: inout TorchGenerator)
}

// SPDX-License-Identifier: Apache-2.0

/// What a sampling method adds to being a ``Sampler``: its timesteps and one update of its latents.
protocol SamplingMethod: Sampler {
    /// The timesteps of all evaluations of the run, in order.
    var timesteps: [Float] { get }
    var completedEvaluations: Int { get set }
    var latents: LatentVector { get }
    /// The latents as the model wants to see them for the next evaluation.
    var modelInput: LatentVector { get }
    var predictedOriginal: LatentVector? { get }

    /// Moves the latents on by the model's output for the evaluation with the number `completedEvaluations`.
    mutating func step(_ output: LatentVector, generator: inout TorchGenerator)
}

extension SamplingMethod {
    package var evaluationCount: Int { timesteps.count }
    package var sample: [Float] { latents.values }
    package var predictedOriginalSample: [Float]? { predictedOriginal?.values }

    /// Variance-preserving methods show the model their latents as they are.
    var modelInput: LatentVector { latents }

    package var next: Evaluation? {
        guard completedEvaluations < timesteps.count else { return nil }
        return Evaluation(timestep: timesteps[completedEvaluations], input: modelInput.values)
    }

    package mutating func update(modelOutput: [Float], generator: inout TorchGenerator) {
        precondition(completedEvaluations < timesteps.count, "a finished sampler was given a model output")
        precondition(modelOutput.count == latents.values.count, "the model output has another size than the latents")
        step(LatentVector(values: modelOutput), generator: &generator)
        completedEvaluations += 1
    }
}

extension TorchGenerator {
    /// Noise for latents of the size of `vector`.
    mutating func normal(like vector: LatentVector) -> LatentVector {
        LatentVector(values: normal(count: vector.values.count))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Tensor

/// One picture on its way from noise: its sampler, its noise and its prompts.
///
/// It holds everything that the picture depends on, so pictures of different requests can share a batch without knowing
/// of each other.
package struct Denoising: Sendable {
    package let seed: UInt64
    package let shape: LatentShape
    let prompt: Conditioning
    /// Nil when guidance is off: the network is then evaluated on the prompt alone.
    let negativePrompt: Conditioning?
    let guidanceScale: Float
    var sampler: any Sampler
    var generator: TorchGenerator

    /// Evaluations of the network in all.
    package var evaluationCount: Int { sampler.evaluationCount }
    /// Those that are done.
    package var completedEvaluations: Int { sampler.completedEvaluations }
    package var isFinished: Bool { completedEvaluations == evaluationCount }
    /// The latents now, `[channels, height, width]`.
    package var latents: [Float] { sampler.sample }
    /// The finished latents as the last evaluation predicts them; nil before the first.
    package var predictedLatents: [Float]? { sampler.predictedOriginalSample }

    /// Rows of the network that it takes: with guidance also one for the negative prompt.
    package var rowCount: Int { negativePrompt == nil ? 1 : 2 }

    /// Takes the network's predictions for the prompt and, with guidance, the negative one, each
    /// `[channels, height, width]`.
    fileprivate mutating func update(prediction: [Float], negative: [Float]?) {
        var output = prediction
        if let negative {
            // Classifier-free guidance (Ho & Salimans 2022).
            output = zip(negative, prediction).map { negative, positive in
                negative + guidanceScale * (positive - negative)
            }
        }
        sampler.update(modelOutput: output, generator: &generator)
    }
}

extension StableDiffusionModel {
    /// One evaluation of the UNet for every picture that wants one: gather, evaluate, hand each its rows back.
    ///
    /// The pictures must have one latent shape; scheduler, step, prompt and guidance may differ. A picture's values do not
    /// depend on which others are in the batch.
    ///
    /// - Throws: ``PipelineError/invalidOutput(_:)`` if the prediction has values that are not finite: the rest of the run
    ///   would be in vain.
    package func step(_ pictures: inout [Denoising]) throws(PipelineError) {
        guard let shape = pictures.first?.shape else { return }

        // 1. Schedule
        var wanted: [Int] = []
        var inputs: [StepInput] = []
        for index in pictures.indices {
            precondition(pictures[index].shape == shape, "pictures of different sizes in one batch")
            guard let evaluation = pictures[index].sampler.next else { continue }
            wanted.append(index)
            inputs.append(
                StepInput(
                    latents: shape.channelsLast(evaluation.input),
                    timestep: evaluation.timestep,
                    prompt: pictures[index].prompt,
                    negativePrompt: pictures[index].negativePrompt
                )
            )
        }
        guard !inputs.isEmpty else { return }

        // 2. Evaluate
        let rows = StepRows(inputs)
        let prediction = unet(
            device.upload(rows.latents, shape: [rows.timesteps.count, shape.height, shape.width, shape.channels]),
            timesteps: rows.timesteps,
            conditioning: conditioningBatch.stacked(rows.conditionings, on: device)
        )
        let values = device.download(prediction)
        guard values.allSatisfy(\.isFinite) else {
            throw .invalidOutput("the UNet's prediction has values that are not numbers")
        }

        // 3. Update
        func row(_ index: Int) -> [Float] {
            shape.channelsFirst(Array(values[index * shape.count..<(index + 1) * shape.count]))
        }
        for (index, place) in zip(wanted, rows.places) {
            pictures[index].update(prediction: row(place.prompt), negative: place.negativePrompt.map(row))
        }
    }
}

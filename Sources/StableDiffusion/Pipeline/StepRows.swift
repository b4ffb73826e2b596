// SPDX-License-Identifier: Apache-2.0

/// What a picture wants evaluated next.
struct StepInput {
    /// `[height, width, channels]`.
    var latents: [Float]
    var timestep: Float
    var prompt: Conditioning
    /// Nil without guidance.
    var negativePrompt: Conditioning?
}

/// The rows of the network that a batch of pictures needs.
struct StepRows {
    private(set) var latents: [Float] = []
    private(set) var timesteps: [Float] = []
    private(set) var conditionings: [Conditioning] = []
    /// Where each picture's predictions are.
    private(set) var places: [(prompt: Int, negativePrompt: Int?)] = []

    /// The rows of so many pictures.
    ///
    /// With guidance for every picture, their latents once, the prompts and then the negative ones: the network computes
    /// once what the two have in common. Otherwise each row has its own latents.
    init(_ inputs: [StepInput]) {
        let negativePrompts = inputs.compactMap(\.negativePrompt)
        if negativePrompts.count == inputs.count {
            for (index, input) in inputs.enumerated() {
                latents += input.latents
                timesteps.append(input.timestep)
                places.append((index, inputs.count + index))
            }
            conditionings = inputs.map(\.prompt) + negativePrompts
        } else {
            for input in inputs {
                let prompt = add(input, input.prompt)
                places.append((prompt, input.negativePrompt.map { add(input, $0) }))
            }
        }
    }

    private mutating func add(_ input: StepInput, _ conditioning: Conditioning) -> Int {
        latents += input.latents
        timesteps.append(input.timestep)
        conditionings.append(conditioning)
        return conditionings.count - 1
    }
}

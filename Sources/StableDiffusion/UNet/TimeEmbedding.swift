// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// The timestep as a vector every residual block adds: diffusers' `Timesteps` and `TimestepEmbedding`.
struct TimeEmbedding: Sendable {
    private let device: any Device
    private let channels: Int
    private let flipsSineToCosine: Bool
    private let frequencyShift: Float
    private let linear1: Linear
    private let linear2: Linear

    init(_ layers: LayerBuilder, _ configuration: UNetConfiguration) throws(WeightError) {
        let width = configuration.timeEmbeddingSize
        device = layers.device
        channels = configuration.blockChannels[0]
        flipsSineToCosine = configuration.flipsSineToCosine
        frequencyShift = configuration.frequencyShift
        linear1 = try layers.linear("time_embedding.linear_1", channels, width)
        linear2 = try layers.linear("time_embedding.linear_2", width, width)
    }

    /// One timestep per row as waves, `[rows, channels]`.
    func waves(_ timesteps: [Float]) -> Tensor {
        device.upload(timesteps.flatMap(sinusoid), shape: [timesteps.count, channels])
    }

    /// The embedding of each row's waves, `[rows, timeEmbeddingSize]`, with the SiLU that each block applies first.
    func callAsFunction(_ waves: Tensor) -> Tensor {
        linear2(linear1(waves, activation: .silu), activation: .silu)
    }

    /// Sines and cosines of the timestep at geometrically falling frequencies (section 3.5 of https://arxiv.org/abs/1706.03762).
    private func sinusoid(_ timestep: Float) -> [Float] {
        let half = channels / 2
        let phases = (0..<half).map { index in
            let exponent = -Float(log(10_000.0)) * Float(index) / (Float(half) - frequencyShift)
            return timestep * Foundation.exp(exponent)
        }
        let sines = phases.map { Foundation.sin($0) }
        let cosines = phases.map { Foundation.cos($0) }
        let padding = [Float](repeating: 0, count: channels - 2 * half)
        return (flipsSineToCosine ? cosines + sines : sines + cosines) + padding
    }
}

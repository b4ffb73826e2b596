// SPDX-License-Identifier: Apache-2.0

import Tensor

/// A residual block, and a look at the prompt where the level has one.
struct UNetLayer: Sendable {
    let residual: ResidualBlock
    let transformer: TransformerBlock?

    /// `prompts` gives each transformer of the network its keys and values, in the order of the forward pass.
    func callAsFunction(_ x: Tensor, time: Tensor, prompts: inout Conditioning.Cursor) -> Tensor {
        let hidden = residual(x, time: time)
        return transformer.map { $0(hidden, prompt: prompts.next()) } ?? hidden
    }
}

extension UNetLayer {
    /// - Parameter level: counted from the shallowest; it has its own number of heads.
    init(
        _ builder: LayerBuilder,
        _ index: Int,
        _ inputs: Int,
        _ outputs: Int,
        level: Int,
        hasTransformer: Bool,
        configuration: UNetConfiguration
    ) throws(WeightError) {
        residual = try ResidualBlock(
            builder.scope("resnets", index),
            inputs,
            outputs,
            configuration: configuration
        )
        guard hasTransformer else {
            transformer = nil
            return
        }
        transformer = try TransformerBlock(
            builder.scope("attentions", index),
            outputs,
            heads: configuration.heads[level],
            configuration: configuration
        )
    }
}

extension ResidualBlock {
    /// A block of the UNet, with its time embedding.
    init(
        _ layers: LayerBuilder,
        _ inputs: Int,
        _ outputs: Int,
        configuration: UNetConfiguration
    ) throws(WeightError) {
        try self.init(
            layers,
            inputs,
            outputs,
            groups: configuration.normGroups,
            epsilon: configuration.normEpsilon,
            timeChannels: configuration.timeEmbeddingSize
        )
    }
}

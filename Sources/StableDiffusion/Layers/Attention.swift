// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The keys and values one attention looks at: each `[rows, tokens, channels]`.
struct KeysAndValues: Sendable {
    var keys: Tensor
    var values: Tensor
}

/// Multi-head attention of tokens to each other, with projections: diffusers' `Attention`.
struct SelfAttention: Sendable {
    private let device: any Device
    private let heads: Int
    private let projections: Linears
    private let output: Linear

    /// - Parameter hasBias: whether queries, keys and values have one: in the autoencoder, not in the UNet.
    init(_ layers: LayerBuilder, _ channels: Int, heads: Int, hasBias: Bool = false) throws(WeightError) {
        device = layers.device
        self.heads = heads
        projections = try layers.linears(["to_q", "to_k", "to_v"], channels, channels, bias: hasBias)
        output = try layers.linear("to_out.0", channels, channels)
    }

    /// Attends within `x`, `[rows, tokens, channels]`, and adds the result to `residual` of the same shape.
    func callAsFunction(_ x: Tensor, adding residual: Tensor) -> Tensor {
        let projected = projections(x)
        let attended = device.attention(
            query: projected[0],
            key: projected[1],
            value: projected[2],
            heads: heads,
            causal: false
        )
        return output(attended, adding: residual)
    }
}

/// Multi-head attention to a prompt, with projections: diffusers' `Attention`.
struct CrossAttention: Sendable {
    private let device: any Device
    private let heads: Int
    private let query: Linear
    private let keyAndValue: Linears
    private let output: Linear

    /// - Parameter context: channels of what is looked at.
    init(_ layers: LayerBuilder, _ channels: Int, context: Int, heads: Int) throws(WeightError) {
        device = layers.device
        self.heads = heads
        query = try layers.linear("to_q", channels, channels, bias: false)
        // A prompt's keys and values are computed once, and every step looks at them: they stay precise.
        keyAndValue = try layers.quantizable(false).linears(["to_k", "to_v"], context, channels, bias: false)
        output = try layers.linear("to_out.0", channels, channels)
    }

    func keysAndValues(_ context: Tensor) -> KeysAndValues {
        let projected = keyAndValue(context)
        return KeysAndValues(keys: projected[0], values: projected[1])
    }

    /// Attends from `x`, `[rows, tokens, channels]`, and adds the result to `residual` of the same shape.
    func callAsFunction(_ x: Tensor, _ context: KeysAndValues, adding residual: Tensor) -> Tensor {
        let attended = device.attention(
            query: query(x),
            key: context.keys,
            value: context.values,
            heads: heads,
            causal: false
        )
        return output(attended, adding: residual)
    }
}

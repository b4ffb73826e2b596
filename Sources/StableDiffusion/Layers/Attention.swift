// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The keys and values one attention looks at: each `[rows, tokens, channels]`.
struct KeysAndValues: Sendable {
    var keys: Tensor
    var values: Tensor
}

/// Multi-head attention with projections: diffusers' `Attention`.
struct Attention: Sendable {
    private let device: any Device
    private let heads: Int
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear

    /// - Parameters:
    ///   - context: channels of what is looked at.
    ///   - looksAtPrompt: whether the context is a prompt rather than what attends to it.
    ///   - hasBias: whether queries, keys and values have one: in the autoencoder, not in the UNet.
    init(
        _ layers: LayerBuilder,
        _ channels: Int,
        context: Int,
        heads: Int,
        hasBias: Bool = false,
        looksAtPrompt: Bool = false
    ) throws(WeightError) {
        device = layers.device
        self.heads = heads
        query = try layers.linear("to_q", channels, channels, bias: hasBias)
        // A prompt's keys and values are computed once, and every step looks at them: they stay precise.
        let contextLayers = layers.quantizable(layers.isQuantizable && !looksAtPrompt)
        key = try contextLayers.linear("to_k", context, channels, bias: hasBias)
        value = try contextLayers.linear("to_v", context, channels, bias: hasBias)
        output = try layers.linear("to_out.0", channels, channels)
    }

    func keysAndValues(_ context: Tensor) -> KeysAndValues {
        KeysAndValues(keys: key(context), values: value(context))
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

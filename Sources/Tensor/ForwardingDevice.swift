// SPDX-License-Identifier: Apache-2.0

/// A device that hands everything on to another one, but for what a type that adopts this does itself.
protocol ForwardingDevice: Device {
    /// The device that does the work.
    var device: any Device { get }
}

extension ForwardingDevice {
    package var arithmetic: Arithmetic { device.arithmetic }
    package var codePath: String { device.codePath }
    package var weightLayout: String { device.weightLayout }

    package func upload(_ values: [Float], shape: Shape) -> Tensor {
        device.upload(values, shape: shape)
    }

    package func download(_ tensor: Tensor) -> [Float] {
        device.download(tensor)
    }

    package func trim() {
        device.trim()
    }

    package func synchronize() {
        device.synchronize()
    }

    package func measurePeak() -> Double {
        device.measurePeak()
    }

    // MARK: Weights

    package func pack(group: [LinearLayer], isQuantizable: Bool) -> LinearGroup {
        device.pack(group: group, isQuantizable: isQuantizable)
    }

    package func pack(
        linear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        device.pack(linear: weight, bias: bias, isQuantizable: isQuantizable, at: place)
    }

    package func pack(
        gatedLinear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        device.pack(gatedLinear: weight, bias: bias, isQuantizable: isQuantizable, at: place)
    }

    package func pack(
        convolution weight: any HostTensor,
        bias: (any HostTensor)?,
        at place: PackedPlace
    ) -> ConvolutionWeights {
        device.pack(convolution: weight, bias: bias, at: place)
    }

    package func pack(
        normalization scale: any HostTensor,
        shift: any HostTensor,
        at place: PackedPlace
    ) -> NormalizationWeights {
        device.pack(normalization: scale, shift: shift, at: place)
    }

    package func pack(embedding table: any HostTensor, at place: PackedPlace) -> EmbeddingWeights {
        device.pack(embedding: table, at: place)
    }

    // MARK: Operations

    package func linear(
        _ x: Tensor,
        _ weights: LinearWeights,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        device.linear(x, weights, activation: activation, residual: residual)
    }

    package func convolution(
        _ x: Tensor,
        _ weights: ConvolutionWeights,
        geometry: ConvolutionGeometry,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor {
        device.convolution(x, weights, geometry: geometry, rowBias: rowBias, residual: residual)
    }

    package func groupNorm(
        _ x: Tensor,
        _ weights: NormalizationWeights,
        groups: Int,
        epsilon: Float,
        activation: Activation
    ) -> Tensor {
        device.groupNorm(x, weights, groups: groups, epsilon: epsilon, activation: activation)
    }

    package func layerNorm(_ x: Tensor, _ weights: NormalizationWeights, epsilon: Float) -> Tensor {
        device.layerNorm(x, weights, epsilon: epsilon)
    }

    package func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool) -> Tensor {
        device.attention(query: query, key: key, value: value, heads: heads, causal: causal)
    }

    package func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor {
        device.upsampleNearest(x, height: height, width: width)
    }

    package func concatenate(_ first: Tensor, _ second: Tensor) -> Tensor {
        device.concatenate(first, second)
    }

    package func stack(_ tensors: [Tensor]) -> Tensor {
        device.stack(tensors)
    }

    package func embed(_ tokens: [Int], _ table: EmbeddingWeights, positions: EmbeddingWeights) -> Tensor {
        device.embed(tokens, table, positions: positions)
    }

    package func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        device.activate(x, activation)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A device that computes quantizable layers on another device too and says how far apart the results are.
///
/// What it returns is the reference's: each layer is judged on exact input, and distances do not add up.
package final class ComparingDevice: Device {
    /// One evaluation of one layer on both devices.
    package struct LayerDistance: Sendable {
        /// The layer's name in the model's files.
        package let layer: String
        /// The norm of the difference, relative to the reference's.
        package let relativeL2: Double
    }

    private let reference: any Device
    private let candidate: any Device
    private let recorded = Mutex<[LayerDistance]>([])

    /// Both of one kind and precision: tensors of either are given to the other.
    package init(_ reference: any Device, and candidate: any Device) {
        precondition(reference.precision == candidate.precision, "devices of two precisions")
        self.reference = reference
        self.candidate = candidate
    }

    /// The distances of all layers that were evaluated since the last call, in their order.
    package func takeDistances() -> [LayerDistance] {
        recorded.withLock { distances in
            defer { distances = [] }
            return distances
        }
    }

    /// A layer's weights on both devices.
    private final class Pair: PackedWeights {
        let layer: String
        let reference: LinearWeights
        let candidate: LinearWeights

        init(_ layer: String, _ reference: LinearWeights, _ candidate: LinearWeights) {
            self.layer = layer
            self.reference = reference
            self.candidate = candidate
        }

        var byteCount: Int { reference.packed.byteCount + candidate.packed.byteCount }

        var weights: LinearWeights {
            LinearWeights(
                inputs: reference.inputs,
                outputs: reference.outputs,
                isGated: reference.isGated,
                packed: self
            )
        }
    }

    package var arithmetic: Arithmetic { reference.arithmetic }

    package func linear(
        _ x: Tensor,
        _ weights: LinearWeights,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        guard let pair = weights.packed as? Pair else {
            return reference.linear(x, weights, activation: activation, residual: residual)
        }
        // Without the residual, which would hide what the layer itself gets wrong.
        let exact = reference.download(reference.linear(x, pair.reference, activation: activation, residual: nil))
        let other = candidate.download(candidate.linear(x, pair.candidate, activation: activation, residual: nil))
        var (difference, norm) = (0.0, 0.0)
        for (one, two) in zip(exact, other) {
            difference += Double(one - two) * Double(one - two)
            norm += Double(one) * Double(one)
        }
        let distance = LayerDistance(layer: pair.layer, relativeL2: (difference / norm).squareRoot())
        recorded.withLock { $0.append(distance) }
        return reference.linear(x, pair.reference, activation: activation, residual: residual)
    }

    package func pack(
        linear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        guard isQuantizable else {
            return reference.pack(linear: weight, bias: bias, isQuantizable: false, at: place)
        }
        return Pair(
            place.name,
            reference.pack(linear: weight, bias: bias, isQuantizable: false, at: .own),
            candidate.pack(linear: weight, bias: bias, isQuantizable: true, at: .own)
        ).weights
    }

    package func pack(
        gatedLinear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        guard isQuantizable else {
            return reference.pack(gatedLinear: weight, bias: bias, isQuantizable: false, at: place)
        }
        return Pair(
            place.name,
            reference.pack(gatedLinear: weight, bias: bias, isQuantizable: false, at: .own),
            candidate.pack(gatedLinear: weight, bias: bias, isQuantizable: true, at: .own)
        ).weights
    }

    // MARK: Everything else is the reference's

    package func upload(_ values: [Float], shape: Shape) -> Tensor {
        reference.upload(values, shape: shape)
    }

    package func download(_ tensor: Tensor) -> [Float] {
        reference.download(tensor)
    }

    package func trim() {
        reference.trim()
        candidate.trim()
    }

    package func pack(
        convolution weight: any HostTensor,
        bias: (any HostTensor)?,
        at place: PackedPlace
    ) -> ConvolutionWeights {
        reference.pack(convolution: weight, bias: bias, at: place)
    }

    package func pack(
        normalization scale: any HostTensor,
        shift: any HostTensor,
        at place: PackedPlace
    ) -> NormalizationWeights {
        reference.pack(normalization: scale, shift: shift, at: place)
    }

    package func pack(embedding table: any HostTensor, at place: PackedPlace) -> EmbeddingWeights {
        reference.pack(embedding: table, at: place)
    }

    package func convolution(
        _ x: Tensor,
        _ weights: ConvolutionWeights,
        geometry: ConvolutionGeometry,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor {
        reference.convolution(x, weights, geometry: geometry, rowBias: rowBias, residual: residual)
    }

    package func groupNorm(
        _ x: Tensor,
        _ weights: NormalizationWeights,
        groups: Int,
        epsilon: Float,
        activation: Activation
    ) -> Tensor {
        reference.groupNorm(x, weights, groups: groups, epsilon: epsilon, activation: activation)
    }

    package func layerNorm(_ x: Tensor, _ weights: NormalizationWeights, epsilon: Float) -> Tensor {
        reference.layerNorm(x, weights, epsilon: epsilon)
    }

    package func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool) -> Tensor {
        reference.attention(query: query, key: key, value: value, heads: heads, causal: causal)
    }

    package func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor {
        reference.upsampleNearest(x, height: height, width: width)
    }

    package func concatenate(_ first: Tensor, _ second: Tensor) -> Tensor {
        reference.concatenate(first, second)
    }

    package func stack(_ tensors: [Tensor]) -> Tensor {
        reference.stack(tensors)
    }

    package func embed(_ tokens: [Int], _ table: EmbeddingWeights, positions: EmbeddingWeights) -> Tensor {
        reference.embed(tokens, table, positions: positions)
    }

    package func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        reference.activate(x, activation)
    }
}

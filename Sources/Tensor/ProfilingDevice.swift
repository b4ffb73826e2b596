// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A device that does what another one does and can say where the time goes.
///
/// Outside of ``profile(_:)`` it only passes operations on. An operation is timed from its call until the device has done
/// it: on a device that starts the next one meanwhile, a profile takes longer than a run.
package final class ProfilingDevice: ForwardingDevice {
    let device: any Device
    /// Nil while nobody wants to know.
    private let recording = Mutex<Profile?>(nil)

    package init(_ device: any Device) {
        self.device = device
    }

    /// Runs `body` and says what the operations in it took, one run at a time.
    ///
    /// Time between operations counts as ``OperationKind/other``: the kinds' seconds add up to those of `body`.
    package func profile(_ body: () -> Void) -> Profile {
        recording.withLock { profile in
            precondition(profile == nil, "two profiles at once")
            profile = Profile()
        }
        let clock = ContinuousClock()
        let start = clock.now
        body()
        let seconds = (clock.now - start) / .seconds(1)
        var profile = recording.withLock { recorded in
            defer { recorded = nil }
            return recorded ?? Profile()
        }
        profile[.other].seconds += max(0, seconds - profile.seconds)
        return profile
    }

    /// Runs one operation; `operations` is of its shapes alone.
    private func timed<Result>(_ kind: OperationKind, operations: Double = 0, _ body: () -> Result) -> Result {
        guard recording.withLock({ $0 != nil }) else { return body() }
        let clock = ContinuousClock()
        let start = clock.now
        let result = body()
        device.synchronize()
        let seconds = (clock.now - start) / .seconds(1)
        recording.withLock { $0?[kind].add(seconds: seconds, operations: operations) }
        return result
    }

    /// While it is profiled, a function is not replayed as a whole: each of its operations counts.
    package func evaluate(
        _ function: DeviceFunction,
        _ inputs: [Tensor],
        _ body: ([Tensor]) -> Tensor
    ) -> Tensor {
        recording.withLock { $0 != nil } ? body(inputs) : device.evaluate(function, inputs, body)
    }

    // MARK: Memory

    package func upload(_ values: [Float], shape: Shape) -> Tensor {
        timed(.other) { device.upload(values, shape: shape) }
    }

    package func download(_ tensor: Tensor) -> [Float] {
        timed(.other) { device.download(tensor) }
    }

    // MARK: Operations

    package func linear(
        _ x: Tensor,
        _ weights: LinearWeights,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        timed(.linear, operations: weights.operations(pixels: x.shape.pixels)) {
            device.linear(x, weights, activation: activation, residual: residual)
        }
    }

    package func linears(_ x: Tensor, _ group: LinearGroup) -> [Tensor] {
        let operations = group.layers.reduce(0) { $0 + $1.operations(pixels: x.shape.pixels) }
        return timed(.linear, operations: operations) { device.linears(x, group) }
    }

    package func convolution(
        _ x: Tensor,
        _ weights: ConvolutionWeights,
        geometry: ConvolutionGeometry,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor {
        timed(
            weights.kernel == 1 ? .linear : .convolution,
            operations: weights.operations(on: x.shape, geometry: geometry)
        ) {
            device.convolution(x, weights, geometry: geometry, rowBias: rowBias, residual: residual)
        }
    }

    package func groupNorm(
        _ x: Tensor,
        _ weights: NormalizationWeights,
        groups: Int,
        epsilon: Float,
        activation: Activation
    ) -> Tensor {
        timed(.normalization) {
            device.groupNorm(x, weights, groups: groups, epsilon: epsilon, activation: activation)
        }
    }

    package func layerNorm(_ x: Tensor, _ weights: NormalizationWeights, epsilon: Float) -> Tensor {
        timed(.normalization) { device.layerNorm(x, weights, epsilon: epsilon) }
    }

    package func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool) -> Tensor {
        timed(
            .attention,
            operations: OperationKind.attentionOperations(query: query.shape, key: key.shape, causal: causal)
        ) {
            device.attention(query: query, key: key, value: value, heads: heads, causal: causal)
        }
    }

    package func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor {
        timed(.other) { device.upsampleNearest(x, height: height, width: width) }
    }

    package func concatenate(_ first: Tensor, _ second: Tensor) -> Tensor {
        timed(.other) { device.concatenate(first, second) }
    }

    package func stack(_ tensors: [Tensor]) -> Tensor {
        timed(.other) { device.stack(tensors) }
    }

    package func embed(_ tokens: [Int], _ table: EmbeddingWeights, positions: EmbeddingWeights) -> Tensor {
        timed(.other) { device.embed(tokens, table, positions: positions) }
    }

    package func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        timed(.other) { device.activate(x, activation) }
    }
}

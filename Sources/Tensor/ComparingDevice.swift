// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A device that computes quantizable layers on another device too and says how far apart the results are.
///
/// What it returns is the reference's: each layer is judged on exact input, and distances do not add up.
package final class ComparingDevice: ForwardingDevice {
    /// One evaluation of one layer on both devices.
    package struct LayerDistance: Sendable {
        /// The layer's name in the model's files.
        package let layer: String
        /// The norm of the difference, relative to the reference's.
        package let relativeL2: Double
    }

    /// The reference.
    let device: any Device
    private let candidate: any Device
    private let recorded = Mutex<[LayerDistance]>([])

    /// Both of one kind and precision: tensors of either are given to the other.
    package init(_ reference: any Device, and candidate: any Device) {
        precondition(reference.precision == candidate.precision, "devices of two precisions")
        device = reference
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

    /// One by one, so that each is compared.
    package func pack(group: [LinearLayer], isQuantizable: Bool) -> LinearGroup {
        LinearGroup(
            layers: group.map {
                pack(linear: $0.weight, bias: $0.bias, isQuantizable: isQuantizable, at: $0.place)
            }
        )
    }

    package func linear(
        _ x: Tensor,
        _ weights: LinearWeights,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        guard let pair = weights.packed as? Pair else {
            return device.linear(x, weights, activation: activation, residual: residual)
        }
        // Without the residual, which would hide what the layer itself gets wrong.
        let exact = device.download(device.linear(x, pair.reference, activation: activation, residual: nil))
        let other = candidate.download(candidate.linear(x, pair.candidate, activation: activation, residual: nil))
        var (difference, norm) = (0.0, 0.0)
        for (one, two) in zip(exact, other) {
            difference += Double(one - two) * Double(one - two)
            norm += Double(one) * Double(one)
        }
        let distance = LayerDistance(layer: pair.layer, relativeL2: (difference / norm).squareRoot())
        recorded.withLock { $0.append(distance) }
        return device.linear(x, pair.reference, activation: activation, residual: residual)
    }

    package func pack(
        linear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        pack(isQuantizable, at: place) { device, isQuantizable, place in
            device.pack(linear: weight, bias: bias, isQuantizable: isQuantizable, at: place)
        }
    }

    package func pack(
        gatedLinear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        pack(isQuantizable, at: place) { device, isQuantizable, place in
            device.pack(gatedLinear: weight, bias: bias, isQuantizable: isQuantizable, at: place)
        }
    }

    /// Packs a layer on the reference, and if it is quantizable on both.
    private func pack(
        _ isQuantizable: Bool,
        at place: PackedPlace,
        on pack: (any Device, _ isQuantizable: Bool, PackedPlace) -> LinearWeights
    ) -> LinearWeights {
        guard isQuantizable else { return pack(device, false, place) }
        return Pair(place.name, pack(device, false, .own), pack(candidate, true, .own)).weights
    }

    package func trim() {
        device.trim()
        candidate.trim()
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// What the UNet looks at of prompts: for each of its cross-attentions the keys and values, computed once a prompt
/// instead of once a step.
package struct Conditioning: Sendable {
    /// In the order of the forward pass.
    let layers: [KeysAndValues]

    init(layers: [KeysAndValues]) {
        self.layers = layers
    }

    /// Of ``tensors``.
    init(tensors: ArraySlice<Tensor>) {
        let tensors = Array(tensors)
        layers = stride(from: 0, to: tensors.count, by: 2).map { index in
            KeysAndValues(keys: tensors[index], values: tensors[index + 1])
        }
    }

    /// Prompts.
    var rowCount: Int { layers[0].keys.shape[0] }

    /// Each layer's keys and values, one after the other.
    var tensors: [Tensor] { layers.flatMap { [$0.keys, $0.values] } }

    /// The rows of several conditionings one after the other, for a batch.
    package static func stack(_ rows: [Conditioning], on device: any Device) -> Conditioning {
        guard let first = rows.first, rows.count > 1 else {
            precondition(!rows.isEmpty, "a batch has at least one row")
            return rows[0]
        }
        return Conditioning(
            layers: first.layers.indices.map { layer in
                KeysAndValues(
                    keys: device.stack(rows.map { $0.layers[layer].keys }),
                    values: device.stack(rows.map { $0.layers[layer].values })
                )
            }
        )
    }

    /// Whether two conditionings are of one prompt's computation, and not only of one text.
    func isSame(as other: Conditioning) -> Bool {
        layers.first?.keys.storage === other.layers.first?.keys.storage
    }

    /// Hands the layers out in order during one forward pass.
    struct Cursor {
        private var remaining: ArraySlice<KeysAndValues>

        init(_ conditioning: Conditioning) {
            remaining = conditioning.layers[...]
        }

        mutating func next() -> KeysAndValues {
            remaining.removeFirst()
        }
    }
}

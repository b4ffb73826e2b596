// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// How far each of the UNet's 8-bit layers is from the same layer in bfloat16.
struct LayerDistances: Encodable {
    struct Layer: Encodable {
        var layer: String
        var relativeL2: Double
    }

    var model: String
    var layers: [Layer]
    var median: Double
    var largest: Double

    init(model: String, _ distances: [ComparingDevice.LayerDistance]) {
        self.model = model
        layers = distances.map { Layer(layer: $0.layer, relativeL2: $0.relativeL2) }
        let sorted = layers.map(\.relativeL2).sorted()
        median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        largest = sorted.last ?? 0
    }

    var text: String {
        let rows = layers.map { String(format: "%.2e  ", $0.relativeL2) + $0.layer }
        return
            (["\(model): relative L2 distance of int8 from bfloat16"] + rows
            + [String(format: "median %.2e, largest %.2e", median, largest)]).joined(separator: "\n")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs

extension ParameterName {
    /// The documented fields that a field of a body stands for; empty for one that is not known.
    ///
    /// The extra names are those that existing callers of the hosted service send. `shape` is its field of 2023, one number
    /// for both sides.
    static func named(_ name: String) -> [ParameterName] {
        switch name {
        case "negativePrompt": [.negativePrompt]
        case "steps": [.steps]
        case "width": [.width]
        case "height": [.height]
        case "shape": [.width, .height]
        default: ParameterName(rawValue: name).map { [$0] } ?? []
        }
    }
}

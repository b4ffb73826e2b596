// SPDX-License-Identifier: Apache-2.0

/// What a device computes with.
package enum Arithmetic: String, Sendable, CaseIterable {
    /// IEEE single precision throughout: the reference.
    case float32
    /// Activations and weights are bfloat16; sums, statistics and softmax float32.
    case bfloat16
    /// Like ``bfloat16``, but the UNet's large linear layers multiply 8-bit integers (W8A8): weights scaled once per output
    /// channel, activations per token as they come.
    case int8

    /// The type of activations and of weights that are not quantized.
    package var precision: DType {
        switch self {
        case .float32: .float32
        case .bfloat16, .int8: .bfloat16
        }
    }
}

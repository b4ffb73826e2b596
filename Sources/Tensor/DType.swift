// SPDX-License-Identifier: Apache-2.0

/// The element type of activations and packed weights on a device.
///
/// Whatever the type, sums, normalisation statistics and softmax are float32.
package enum DType: String, Sendable, CaseIterable {
    /// IEEE single precision: the reference.
    case float32
    /// The upper half of a float32.
    case bfloat16

    /// Bytes of one element.
    package var size: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        }
    }
}

/// The element type of a tensor in a weight file.
package enum ElementType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"

    /// Bytes of one element.
    package var size: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        }
    }
}

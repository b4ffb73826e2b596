// SPDX-License-Identifier: Apache-2.0

/// Which of a model's weight files are meant, where it has more than one set.
package enum WeightVariant: String, Sendable, CaseIterable {
    /// Half the size: numbers of 16 bits.
    case fp16
    /// The files without a variant in their names.
    case plain = "none"
}

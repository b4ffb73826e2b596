// SPDX-License-Identifier: Apache-2.0

/// The latents of one picture as a plain vector, with the arithmetic that samplers are written in.
///
/// Every operator is one rounding per element, as each torch operator is, so that an update copied from a paper gives
/// the reference's numbers. Samplers work element by element: the order of the values (NCHW, as torch draws noise) does
/// not matter to them.
struct LatentVector: Sendable, Equatable {
    var values: [Float]

    static func + (left: Self, right: Self) -> Self {
        left.combined(with: right) { $0 + $1 }
    }

    static func - (left: Self, right: Self) -> Self {
        left.combined(with: right) { $0 - $1 }
    }

    static func * (factor: Float, vector: Self) -> Self {
        Self(values: vector.values.map { factor * $0 })
    }

    static func / (vector: Self, divisor: Float) -> Self {
        Self(values: vector.values.map { $0 / divisor })
    }

    /// The vector with every value limited to -bound...bound.
    func clamped(to bound: Float) -> Self {
        Self(values: values.map { min(max($0, -bound), bound) })
    }

    private func combined(with other: Self, _ operation: (Float, Float) -> Float) -> Self {
        precondition(values.count == other.values.count, "latents of two pictures of different sizes were combined")
        return Self(values: zip(values, other.values).map(operation))
    }
}

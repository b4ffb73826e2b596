// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A random number generator that gives the numbers of `torch.Generator("cpu").manual_seed(seed)`.
///
/// One generator belongs to one picture: the same seed gives the same sequence whatever else runs. As in torch only the
/// low 32 bits of the seed matter. Reference: `normal_kernel` of ATen's `DistributionTemplates.h`.
package struct TorchGenerator: Sendable {
    private static let blockSize = 16
    /// Rounded to the nearest float as in C (`2 * Float.pi` would be rounded towards zero).
    private static let twoPi = Float(2 * Double.pi)

    private var engine: MersenneTwister
    /// The second number of the last Box-Muller pair of the scalar path: it is handed out by the next scalar draw, even
    /// when draws of whole blocks come in between.
    private var pendingNormal: Double?

    /// Seeds the generator; seeds that differ only above bit 31 are the same seed.
    package init(seed: UInt64) {
        engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
    }

    /// The next `count` independent numbers of the standard normal distribution: `torch.randn(count)` in float32.
    ///
    /// Drawing n numbers at once is not the same as drawing them in parts: torch fills 16 or more in blocks and fewer
    /// one by one, from different uniform numbers.
    package mutating func normal(count: Int) -> [Float] {
        precondition(count >= 0, "a count of random numbers cannot be negative")
        guard count >= Self.blockSize else {
            return (0..<count).map { _ in Float(nextNormal()) }
        }
        var values = (0..<count).map { _ in nextUniformFloat() }
        for start in stride(from: 0, through: count - Self.blockSize, by: Self.blockSize) {
            transformBlock(of: &values, at: start)
        }
        // Torch draws a last partial block anew, together with the numbers before it that fill it up to 16.
        if !count.isMultiple(of: Self.blockSize) {
            let start = count - Self.blockSize
            for index in start..<count {
                values[index] = nextUniformFloat()
            }
            transformBlock(of: &values, at: start)
        }
        return values
    }

    /// Turns 16 uniform numbers into normal ones: number j pairs with number j + 8.
    private func transformBlock(of values: inout [Float], at start: Int) {
        let half = Self.blockSize / 2
        for index in start..<(start + half) {
            // 1 - u moves [0, 1) to (0, 1], where the logarithm is finite.
            let radius = (-2 * VectorMath.logarithm(1 - values[index])).squareRoot()
            let (sine, cosine) = VectorMath.sineAndCosine(Self.twoPi * values[index + half])
            // Torch adds the mean, 0, which makes a negative zero positive.
            values[index] = radius * cosine + 0
            values[index + half] = radius * sine + 0
        }
    }

    /// One number of the scalar path, by Box-Muller in double precision.
    private mutating func nextNormal() -> Double {
        if let pending = pendingNormal {
            pendingNormal = nil
            return pending
        }
        let angle = 2 * Double.pi * nextUniformDouble()
        let radius = (-2 * log1p(-nextUniformDouble())).squareRoot()
        pendingNormal = radius * sin(angle)
        return radius * cos(angle)
    }

    /// Uniform in [0, 1) with 24 random bits.
    private mutating func nextUniformFloat() -> Float {
        Float(engine.next() & 0xff_ffff) * 0x1p-24
    }

    /// Uniform in [0, 1) with 53 random bits; the first word drawn is the high one.
    private mutating func nextUniformDouble() -> Double {
        let high = UInt64(engine.next())
        let low = UInt64(engine.next())
        return Double((high << 32 | low) & (1 << 53 - 1)) * 0x1p-53
    }
}

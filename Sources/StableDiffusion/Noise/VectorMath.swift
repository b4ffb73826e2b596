// SPDX-License-Identifier: Apache-2.0

/// Single-precision functions with the roundings of torch's AVX2 build, so that noise is equal bit for bit.
///
/// Torch evaluates the polynomials of the Cephes library (`logf`, `sinf`, `cosf` by Stephen Moshier) eight lanes at a
/// time in `avx_mathfun.h`, and its compiler fuses each product with the addition that uses it. The C library's own
/// functions differ from these in the last one or two bits. Only the ranges that noise needs are covered.
enum VectorMath {
    /// The natural logarithm, for normal numbers in (0, 1].
    static func logarithm(_ value: Float) -> Float {
        // value = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)), then log(1 + x) by a polynomial.
        var exponent = Float(Int32(value.bitPattern >> 23) - 126)
        var x = Float(bitPattern: (value.bitPattern & 0x007f_ffff) | 0x3f00_0000)
        if x < 0.707106781186547524 {
            exponent -= 1
            x = (x - 1) + x
        } else {
            x -= 1
        }
        let square = x * x
        let series = polynomial(logarithmCoefficients, at: x) * x
        // log(2) is split in two parts whose sum is more precise than one float.
        var correction = (exponent * -2.121_944_40e-4).addingProduct(series, square)
        correction = correction.addingProduct(-0.5, square)
        return (x + correction).addingProduct(exponent, 0.693359375)
    }

    /// Sine and cosine, for angles in [0, 8192).
    static func sineAndCosine(_ angle: Float) -> (sine: Float, cosine: Float) {
        // Octants are paired so that the remainder lies in [-pi/4, pi/4]; pi/4 is subtracted in three exact parts.
        let octant = (Int32(angle * 1.27323954473516) + 1) & ~1
        let multiple = Float(octant)
        var x = angle.addingProduct(multiple, -0.78515625)
        x = x.addingProduct(multiple, -2.418_756_484_985_351_562_5e-4)
        x = x.addingProduct(multiple, -3.774_894_977_445_941_08e-8)

        let square = x * x
        let cosineSeries = polynomial(cosineCoefficients, at: square) * square
        let cosine = (square * -0.5).addingProduct(cosineSeries, square) + 1
        let sine = x.addingProduct(polynomial(sineCoefficients, at: square) * square, x)

        let swaps = octant & 2 != 0
        let sineIsNegative = octant & 4 != 0
        let cosineIsNegative = (octant &- 2) & 4 == 0
        let magnitudes = swaps ? (sine: cosine, cosine: sine) : (sine: sine, cosine: cosine)
        return (
            sine: sineIsNegative ? -magnitudes.sine : magnitudes.sine,
            cosine: cosineIsNegative ? -magnitudes.cosine : magnitudes.cosine
        )
    }

    /// Horner's rule with fused multiply-add, highest power first.
    private static func polynomial(_ coefficients: [Float], at x: Float) -> Float {
        coefficients.reduce(0) { $1.addingProduct($0, x) }
    }

    private static let logarithmCoefficients: [Float] = [
        7.037_683_629_2e-2, -1.151_461_031_0e-1, 1.167_699_874_0e-1, -1.242_014_084_6e-1, 1.424_932_278_7e-1,
        -1.666_805_766_5e-1, 2.000_071_476_5e-1, -2.499_999_399_3e-1, 3.333_333_117_4e-1,
    ]
    private static let sineCoefficients: [Float] = [
        -1.951_529_589_1e-4, 8.332_160_873_6e-3, -1.666_665_461_1e-1,
    ]
    private static let cosineCoefficients: [Float] = [
        2.443_315_711_809_948e-5, -1.388_731_625_493_765e-3, 4.166_664_568_298_827e-2,
    ]
}

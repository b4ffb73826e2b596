// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// For each output sample along one axis, the input samples it is made of and their fixed-point weights.
///
/// Lanczos with a = 3, stretched by the scale when shrinking so that no input sample is skipped.
/// Reference: Pillow `Resample.c`, whose 8-bit path uses the same 22 fractional bits.
struct ResamplingFilter {
    /// Fractional bits of a weight: 8 for the sample and 2 for the overshoot leave 22 of 32.
    static let precisionBits = 22
    private static let lobes = 3.0

    /// The first input sample of each output sample.
    private(set) var starts: [Int] = []
    /// The number of input samples of each output sample.
    private(set) var counts: [Int] = []
    /// Weights, shape (output size, `stride`); they add up to about `1 << precisionBits` a row.
    private(set) var weights: [Int] = []
    /// Weights kept for each output sample.
    let stride: Int

    /// Weights that take `inputSize` samples to `outputSize`, both at least 1.
    init(inputSize: Int, outputSize: Int) {
        let scale = Double(inputSize) / Double(outputSize)
        let filterScale = max(scale, 1)
        let support = Self.lobes * filterScale
        stride = Int(support.rounded(.up)) * 2 + 1
        weights.reserveCapacity(outputSize * stride)

        for index in 0..<outputSize {
            let center = (Double(index) + 0.5) * scale
            let start = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), inputSize)
            let row = (start..<end).map { Self.lanczos((Double($0) - center + 0.5) * (1 / filterScale)) }
            let sum = row.reduce(0, +)
            starts.append(start)
            counts.append(end - start)
            for weight in row {
                let fixed = (sum == 0 ? weight : weight / sum) * Double(1 << Self.precisionBits)
                weights.append(Int(fixed.rounded(.toNearestOrAwayFromZero)))
            }
            weights.append(contentsOf: repeatElement(0, count: stride - row.count))
        }
    }

    private static func lanczos(_ x: Double) -> Double {
        guard x >= -lobes, x < lobes else { return 0 }
        return sinc(x) * sinc(x / lobes)
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}

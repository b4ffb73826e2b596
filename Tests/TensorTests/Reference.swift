// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// The operations by their definitions, one element at a time in double precision.
enum Reference {
    /// A result and, for each element, the sum of the magnitudes that were added up: what rounding errors scale with.
    struct Result {
        var values: [Double] = []
        var magnitudes: [Double] = []
    }

    static func gelu(_ x: Double) -> Double {
        x * 0.5 * erfc(-x / 2.0.squareRoot())
    }

    static func apply(_ activation: Activation, _ x: Double) -> Double {
        switch activation {
        case .none, .geglu: x
        case .silu: x / (1 + exp(-x))
        case .gelu: gelu(x)
        }
    }

    /// `x`: `[rows, inputs]`; `weight`: `[outputs, inputs]`.
    static func linear(
        _ x: [Float],
        _ weight: [Float],
        bias: [Float]?,
        residual: [Float]?,
        inputs: Int,
        activation: Activation
    ) -> Result {
        let outputs = weight.count / inputs
        var sums = Result()
        for row in 0..<x.count / inputs {
            for output in 0..<outputs {
                var sum = Double(bias?[output] ?? 0)
                var magnitude = abs(sum)
                for input in 0..<inputs {
                    let product = Double(x[row * inputs + input]) * Double(weight[output * inputs + input])
                    sum += product
                    magnitude += abs(product)
                }
                sums.values.append(sum)
                sums.magnitudes.append(magnitude)
            }
        }
        var result = Result()
        let channels = activation == .geglu ? outputs / 2 : outputs
        for row in 0..<x.count / inputs {
            for channel in 0..<channels {
                var value = apply(activation, sums.values[row * outputs + channel])
                var magnitude = sums.magnitudes[row * outputs + channel]
                if activation == .geglu {
                    let gate = row * outputs + channels + channel
                    magnitude = magnitude * abs(gelu(sums.values[gate])) + abs(value) * sums.magnitudes[gate]
                    value *= gelu(sums.values[gate])
                }
                let added = Double(residual?[row * channels + channel] ?? 0)
                result.values.append(value + added)
                result.magnitudes.append(magnitude + abs(added))
            }
        }
        return result
    }

    /// `x`: `[rows, height, width, inputs]`; `weight`: `[outputs, inputs, kernel, kernel]`.
    static func convolution(
        _ x: [Float],
        _ shape: Shape,
        _ weight: [Float],
        outputs: Int,
        kernel: Int,
        geometry: ConvolutionGeometry,
        bias: [Float]?,
        rowBias: [Float]?,
        residual: [Float]?
    ) -> Result {
        let (height, width, inputs) = (shape[1], shape[2], shape[3])
        let outputHeight = geometry.outputExtent(height, kernel: kernel)
        let outputWidth = geometry.outputExtent(width, kernel: kernel)
        let seen = geometry.upsamples ? 2 : 1
        var result = Result()
        for row in 0..<shape[0] {
            for outputY in 0..<outputHeight {
                for outputX in 0..<outputWidth {
                    for output in 0..<outputs {
                        let element = ((row * outputHeight + outputY) * outputWidth + outputX) * outputs + output
                        let added = [bias?[output], rowBias?[row * outputs + output], residual?[element]]
                            .map { Double($0 ?? 0) }
                        var sum = added.reduce(0, +)
                        var magnitude = added.reduce(0) { $0 + abs($1) }
                        for ky in 0..<kernel {
                            for kx in 0..<kernel {
                                let y = outputY * geometry.stride + ky - geometry.leading
                                let x0 = outputX * geometry.stride + kx - geometry.leading
                                guard (0..<seen * height).contains(y), (0..<seen * width).contains(x0) else { continue }
                                for input in 0..<inputs {
                                    let pixel = ((row * height + y / seen) * width + x0 / seen) * inputs + input
                                    let tap = ((output * inputs + input) * kernel + ky) * kernel + kx
                                    let product = Double(x[pixel]) * Double(weight[tap])
                                    sum += product
                                    magnitude += abs(product)
                                }
                            }
                        }
                        result.values.append(sum)
                        result.magnitudes.append(magnitude)
                    }
                }
            }
        }
        return result
    }

    /// The index of the first element outside of what float32 sums and one rounding to `precision` explain.
    static func firstDifference(_ got: [Float], _ want: Result, precision: DType) -> Int? {
        guard got.count == want.values.count else { return 0 }
        let rounding = precision == .bfloat16 ? 0x1p-8 : 0x1p-22
        return got.indices.first { index in
            let tolerance = rounding * abs(want.values[index]) + 2e-6 * want.magnitudes[index] + 1e-7
            // A NaN is not within any tolerance.
            return !(abs(Double(got[index]) - want.values[index]) <= tolerance)
        }
    }
}

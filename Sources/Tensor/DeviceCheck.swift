// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Holds a device's operations against the reference: the processor in float32.
///
/// Inputs and weights are random values of the device's precision, so that what is left of a distance is the device's own
/// rounding. The shapes are those of a model's layers and odd ones.
package struct DeviceCheck: Sendable {
    /// What an operation gave.
    package struct Result: Sendable {
        package let operation: String
        /// The distance to the reference, relative in the Euclidean norm; not a number if an element is not one.
        package let error: Double
        /// What rounding explains.
        package let bound: Double
        /// Whether a row alone has the bits that it has among others.
        package let isRowIndependent: Bool

        package var isRight: Bool { error <= bound }
    }

    private let device: any Device
    private let reference: CPUDevice
    private let largest: Int
    private var results: [Result] = []
    private var state: UInt64 = 1

    /// Runs every operation on a device.
    ///
    /// - Parameters:
    ///   - threads: of the reference.
    ///   - largest: elements of an input or of a weight beyond which a case is left out.
    package static func run(on device: any Device, threads: Int, largest: Int = .max) -> [Result] {
        var check = DeviceCheck(device: device, reference: CPUDevice(.float32, threads: threads), largest: largest)
        check.checkProducts()
        check.checkConvolutions()
        check.checkNormalizations()
        check.checkAttention()
        check.checkElements()
        return check.results
    }

    private init(device: any Device, reference: CPUDevice, largest: Int) {
        self.device = device
        self.reference = reference
        self.largest = largest
    }

    // MARK: Operations

    private mutating func checkProducts() {
        for (tokens, inputs, outputs) in [
            (4096, 320, 320), (77, 1024, 640), (1024, 640, 5120), (3, 10, 6), (1, 320, 1280),
        ] {
            guard max(tokens * max(inputs, outputs), inputs * outputs) <= largest else { continue }
            let weight = values([outputs, inputs], scale: 1 / Float(inputs).squareRoot())
            let bias = values([outputs])
            for activation in [Activation.none, .silu, .gelu] {
                compare(
                    "linear \(tokens)x\(inputs) to \(outputs), \(activation)",
                    [[tokens, inputs], [tokens, outputs]]
                ) {
                    device,
                    inputs in
                    device.linear(
                        inputs[0],
                        device.pack(linear: weight, bias: bias),
                        activation: activation,
                        residual: inputs[1]
                    )
                }
            }
            compare("linear \(tokens)x\(inputs) to \(outputs), no bias", [[tokens, inputs]]) { device, inputs in
                device.linear(inputs[0], device.pack(linear: weight, bias: nil), activation: .none, residual: nil)
            }
            for hasBias in [false, true] {
                compare(
                    "three linears \(tokens)x\(inputs) to \(outputs)\(hasBias ? ", biases" : "")",
                    [[tokens, inputs]]
                ) {
                    device,
                    inputs in
                    let layer = LinearLayer(weight: weight, bias: hasBias ? bias : nil, place: .own)
                    let results = device.linears(
                        inputs[0],
                        device.pack(group: [layer, layer, layer], isQuantizable: false)
                    )
                    return device.concatenate(device.concatenate(results[0], results[1]), results[2])
                }
            }
            guard outputs % 2 == 0 else { continue }
            compare("geglu \(tokens)x\(inputs) to \(outputs / 2)", [[tokens, inputs]]) { device, inputs in
                device.linear(
                    inputs[0],
                    device.pack(gatedLinear: weight, bias: bias),
                    activation: .geglu,
                    residual: nil
                )
            }
        }
    }

    private mutating func checkConvolutions() {
        let cases: [(size: (Int, Int), inputs: Int, outputs: Int, kernel: Int, ConvolutionGeometry)] = [
            ((64, 64), 320, 320, 3, .same(kernel: 3)), ((64, 64), 4, 320, 3, .same(kernel: 3)),
            ((64, 64), 320, 4, 3, .same(kernel: 3)),
            ((32, 24), 640, 640, 3, ConvolutionGeometry(stride: 2, leading: 1, trailing: 1)),
            ((33, 31), 64, 128, 3, ConvolutionGeometry(stride: 2, trailing: 1)),
            ((8, 8), 2560, 1280, 3, .same(kernel: 3)),
            ((16, 16), 320, 640, 1, ConvolutionGeometry()), ((5, 7), 3, 10, 3, .same(kernel: 3)),
            ((128, 96), 128, 3, 3, .same(kernel: 3)),
            ((16, 12), 320, 320, 3, ConvolutionGeometry(leading: 1, trailing: 1, upsamples: true)),
        ]
        for (size, inputs, outputs, kernel, geometry) in cases {
            let weights = inputs * outputs * kernel * kernel
            guard max(size.0 * size.1 * max(inputs, outputs), weights) <= largest else { continue }
            let scale = 1 / Float(inputs * kernel * kernel).squareRoot()
            let weight = values([outputs, inputs, kernel, kernel], scale: scale)
            let bias = values([outputs])
            let result: Shape = [
                geometry.outputExtent(size.0, kernel: kernel), geometry.outputExtent(size.1, kernel: kernel), outputs,
            ]
            let name =
                "convolution \(size.0)x\(size.1)x\(inputs)\(geometry.upsamples ? ", upsampled," : "") to \(outputs), kernel \(kernel), stride \(geometry.stride)"
            for isFull in [false, true] {
                compare(
                    isFull ? name + ", with biases and a residual" : name,
                    [[size.0, size.1, inputs], [outputs], result]
                ) { device, inputs in
                    device.convolution(
                        inputs[0],
                        device.pack(convolution: weight, bias: isFull ? bias : nil),
                        geometry: geometry,
                        rowBias: isFull ? inputs[1] : nil,
                        residual: isFull ? inputs[2] : nil
                    )
                }
            }
        }
    }

    private mutating func checkNormalizations() {
        for (pixels, channels, groups) in [(4096, 320, 32), (64, 2560, 32), (16384, 128, 32), (35, 10, 2), (1, 64, 8)] {
            guard pixels * channels <= largest else { continue }
            let (scale, shift) = (values([channels]), values([channels]))
            for activation in [Activation.none, .silu] {
                compare("group norm \(pixels)x\(channels), \(activation)", [[pixels, channels]], offset: 4) {
                    device,
                    inputs in
                    device.groupNorm(
                        inputs[0],
                        device.pack(normalization: scale, shift: shift),
                        groups: groups,
                        epsilon: 1e-5,
                        activation: activation
                    )
                }
            }
            compare("layer norm \(pixels)x\(channels)", [[pixels, channels]], offset: 4) { device, inputs in
                device.layerNorm(inputs[0], device.pack(normalization: scale, shift: shift), epsilon: 1e-5)
            }
        }
    }

    private mutating func checkAttention() {
        let cases: [(queries: Int, keys: Int, heads: Int, size: Int, causal: Bool)] = [
            (1024, 1024, 5, 64, false), (4096, 77, 2, 64, false), (77, 77, 4, 64, true), (130, 65, 3, 32, false),
            (33, 33, 2, 32, true), (100, 100, 1, 512, false), (20, 13, 3, 4, false), (9, 9, 2, 10, true),
        ]
        for (queries, keys, heads, size, causal) in cases {
            let channels = heads * size
            guard max(queries, keys) * channels <= largest else { continue }
            compare(
                "attention of \(queries) to \(keys), \(heads) heads of \(size)\(causal ? ", causal" : "")",
                [[queries, channels], [keys, channels], [keys, channels]]
            ) { device, inputs in
                device.attention(query: inputs[0], key: inputs[1], value: inputs[2], heads: heads, causal: causal)
            }
        }
    }

    private mutating func checkElements() {
        for channels in [64, 6] {
            compare("upsampling, \(channels) channels", [[5, 7, channels]]) { device, inputs in
                device.upsampleNearest(inputs[0], height: 10, width: 15)
            }
            compare("concatenation, \(channels) channels", [[33, channels], [33, 2 * channels]]) { device, inputs in
                device.concatenate(inputs[0], inputs[1])
            }
            for activation in [Activation.silu, .gelu] {
                compare("\(activation), \(channels) channels", [[33, channels]]) { device, inputs in
                    device.activate(inputs[0], activation)
                }
            }
            let (table, positions) = (values([50, channels]), values([7, channels]))
            compare("embedding, \(channels) channels", [[1]]) { device, inputs in
                device.stack(
                    (0..<inputs[0].shape[0]).map { _ in
                        let (table, positions) = (device.pack(embedding: table), device.pack(embedding: positions))
                        return device.embed((0..<14).map { $0 * 3 }, table, positions: positions)
                            .reshaped([1, 14, channels])
                    }
                )
            }
        }
    }

    // MARK: Comparing

    /// Runs an operation on three rows of random inputs, on both devices, and on the second row alone.
    ///
    /// - Parameter offset: added to the inputs, in their deviations.
    private mutating func compare(
        _ name: String,
        _ shapes: [Shape],
        offset: Float = 0,
        _ operation: (any Device, [Tensor]) -> Tensor
    ) {
        let rows = 3
        let inputs = shapes.map { values([rows] + $0.extents, offset: offset) }
        func result(on device: any Device, rows: Range<Int>) -> [Float] {
            let tensors = zip(inputs, shapes).map { values, shape in
                device.upload(
                    Array(values.values[rows.lowerBound * shape.count..<rows.upperBound * shape.count]),
                    shape: Shape([rows.count] + shape.extents)
                )
            }
            return device.download(operation(device, tensors))
        }
        let expected = result(on: reference, rows: 0..<rows)
        let actual = result(on: device, rows: 0..<rows)
        let alone = result(on: device, rows: 1..<2)
        let each = actual.count / rows
        results.append(
            Result(
                operation: name,
                error: distance(actual, expected),
                bound: device.precision == .float32 ? 2e-5 : 8e-3,
                isRowIndependent: alone.map(\.bitPattern) == actual[each..<2 * each].map(\.bitPattern)
            )
        )
    }

    private func distance(_ actual: [Float], _ expected: [Float]) -> Double {
        var (difference, norm) = (0.0, 0.0)
        for (a, e) in zip(actual, expected) {
            difference += (Double(a) - Double(e)) * (Double(a) - Double(e))
            norm += Double(e) * Double(e)
        }
        return (difference / norm).squareRoot()
    }

    /// Random values about `offset`, rounded to the device's precision.
    private mutating func values(_ extents: [Int], scale: Float = 1, offset: Float = 0) -> HostValues {
        let shape = Shape(extents)
        let isRounded = device.precision == .bfloat16
        let values = (0..<shape.count).map { _ in
            // Three uniform numbers make a normal one that is good enough, of deviation one.
            let value = ((random() + random() + random()) * 2 - 3 + offset) * scale
            return isRounded ? Self.rounded(value) : value
        }
        return HostValues(shape: shape, values: values)
    }

    /// SplitMix64's next number, in 0..<1.
    private mutating func random() -> Float {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return Float((bits ^ (bits >> 31)) >> 40) / Float(1 << 24)
    }

    /// To bfloat16, to nearest even.
    private static func rounded(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
    }
}

/// Weights that are made and not read.
private struct HostValues: HostTensor {
    let shape: Shape
    let values: [Float]

    var elementType: ElementType { .float32 }

    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe body(values.span.bytes)
    }
}

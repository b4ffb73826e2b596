// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor
import Testing

@Suite struct NormalizationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var rows = 1
        var pixels: Int
        var channels: Int
        var groups = 1
        /// Of the input.
        var mean: Float = 0
        var deviation: Float = 1
        var activation = Activation.none

        var testDescription: String {
            "\(rows) x \(pixels) x \(channels), \(groups) groups, \(mean) ± \(deviation), \(activation)"
        }
    }

    static let groupCases = [
        Case(pixels: 1, channels: 1),
        Case(pixels: 3, channels: 2, groups: 2),
        Case(rows: 2, pixels: 9, channels: 6, groups: 2, activation: .silu),
        Case(pixels: 65, channels: 32, groups: 32),
        Case(pixels: 130, channels: 64, groups: 32, mean: 3),
        Case(pixels: 70, channels: 96, groups: 32, activation: .silu),
        Case(rows: 3, pixels: 20, channels: 320, groups: 32, activation: .silu),
        Case(pixels: 5, channels: 77, groups: 7),
        Case(pixels: 1100, channels: 20, groups: 5, mean: -2),
        Case(pixels: 4, channels: 1920, groups: 32),
        Case(pixels: 600, channels: 21, groups: 7, mean: 1000, deviation: 0.5),
    ]

    @Test(arguments: groupCases)
    func `group normalisation takes the moments of each row and group`(_ test: Case) {
        for precision in DType.allCases {
            let inputs = NormalizationInputs(test, precision: precision)
            let truth = inputs.groupNorm()
            for variant in DeviceVariant.all where variant.precision == precision {
                let result = inputs.groupNorm(on: variant.device())
                #expect(largestError(result, truth) < 2 * variant.tolerance, "\(variant.testDescription)")
            }
        }
    }

    static let layerCases = [
        Case(pixels: 1, channels: 1),
        Case(pixels: 3, channels: 2),
        Case(pixels: 5, channels: 17),
        Case(rows: 2, pixels: 40, channels: 48, mean: 5),
        Case(pixels: 9, channels: 320),
        Case(pixels: 200, channels: 63),
        Case(pixels: 7, channels: 1280, mean: -20, deviation: 3),
        Case(pixels: 4, channels: 1024, mean: 3000, deviation: 0.25),
    ]

    @Test(arguments: layerCases)
    func `layer normalisation takes the moments of each pixel`(_ test: Case) {
        for precision in DType.allCases {
            let inputs = NormalizationInputs(test, precision: precision)
            let truth = inputs.layerNorm()
            for variant in DeviceVariant.all where variant.precision == precision {
                let result = inputs.layerNorm(on: variant.device())
                #expect(largestError(result, truth) < 2 * variant.tolerance, "\(variant.testDescription)")
            }
        }
    }

    @Test(arguments: DeviceVariant.all)
    func `what does not vary becomes the shift`(_ variant: DeviceVariant) {
        var inputs = NormalizationInputs(
            Case(rows: 2, pixels: 100, channels: 40, groups: 4),
            precision: variant.precision
        )
        inputs.x = inputs.x.map { _ in 123.456 }
        let shifts = (0..<inputs.x.count).map { Double(inputs.shift[$0 % 40]) }
        #expect(largestError(inputs.groupNorm(on: variant.device()), shifts) < variant.tolerance)
        #expect(largestError(inputs.layerNorm(on: variant.device()), shifts) < variant.tolerance)
    }

    @Test(arguments: DeviceVariant.all)
    func `one far outlier, first or last, does not spoil the moments`(_ variant: DeviceVariant) {
        let test = Case(pixels: 80, channels: 32, groups: 2)
        for place in [0, 80 * 32 - 1] {
            var inputs = NormalizationInputs(test, precision: variant.precision)
            inputs.x[place] = 65536
            #expect(largestError(inputs.groupNorm(on: variant.device()), inputs.groupNorm()) < 10 * variant.tolerance)
            #expect(largestError(inputs.layerNorm(on: variant.device()), inputs.layerNorm()) < 10 * variant.tolerance)
        }
    }

    @Test(arguments: DeviceVariant.all)
    func `a value that is not a number reaches its group and no other`(_ variant: DeviceVariant) {
        var inputs = NormalizationInputs(
            Case(pixels: 10, channels: 8, groups: 2),
            precision: variant.precision
        )
        inputs.x[3 * 8 + 1] = .nan
        let result = inputs.groupNorm(on: variant.device())
        for (index, value) in result.enumerated() { #expect(value.isNaN == (index % 8 < 4)) }
    }

    @Test(arguments: DeviceVariant.all)
    func `neither threads nor other rows change a bit`(_ variant: DeviceVariant) {
        let test = Case(rows: 6, pixels: 1030, channels: 12, groups: 4, activation: .silu)
        let inputs = NormalizationInputs(test, precision: variant.precision)
        let group = inputs.groupNorm(on: variant.device(threads: 1))
        let layer = inputs.layerNorm(on: variant.device(threads: 1))
        for threads in [2, 3, 5] {
            #expect(inputs.groupNorm(on: variant.device(threads: threads)) == group)
            #expect(inputs.layerNorm(on: variant.device(threads: threads)) == layer)
        }
        for row in 0..<test.rows {
            let alone = inputs.row(row)
            let range = (row * group.count / test.rows)..<((row + 1) * group.count / test.rows)
            #expect(alone.groupNorm(on: variant.device())[...] == group[range])
            #expect(alone.layerNorm(on: variant.device())[...] == layer[range])
        }
    }
}

/// What normalisation is given, and what it should make of it.
private struct NormalizationInputs {
    let test: NormalizationTests.Case
    let epsilon: Float = 1e-5
    var x: [Float]
    let scale: [Float]
    let shift: [Float]

    init(_ test: NormalizationTests.Case, precision: DType) {
        self.test = test
        var random = Values(seed: test.pixels * 1009 + test.channels)
        // Rounded, so that the truth is computed from what the device is given.
        x = random.next(test.rows * test.pixels * test.channels, scale: test.deviation)
            .map { ($0 + test.mean).rounded(to: precision) }
        scale = random.next(test.channels, scale: 0.3).map { $0 + 1 }
        shift = random.next(test.channels, scale: 0.5)
    }

    private init(_ test: NormalizationTests.Case, _ x: [Float], _ scale: [Float], _ shift: [Float]) {
        self.test = test
        self.x = x
        self.scale = scale
        self.shift = shift
    }

    func row(_ index: Int) -> NormalizationInputs {
        var alone = test
        alone.rows = 1
        let count = x.count / test.rows
        return NormalizationInputs(alone, Array(x[(index * count)..<((index + 1) * count)]), scale, shift)
    }

    private func weights(_ device: CPUDevice) -> NormalizationWeights {
        device.pack(
            normalization: HostArray(scale, shape: [test.channels]),
            shift: HostArray(shift, shape: [test.channels])
        )
    }

    private func upload(_ device: CPUDevice) -> Tensor {
        device.upload(x, shape: [test.rows, test.pixels, test.channels])
    }

    func groupNorm(on device: CPUDevice) -> [Float] {
        device.download(
            device.groupNorm(
                upload(device),
                weights(device),
                groups: test.groups,
                epsilon: epsilon,
                activation: test.activation
            )
        )
    }

    func layerNorm(on device: CPUDevice) -> [Float] {
        device.download(device.layerNorm(upload(device), weights(device), epsilon: epsilon))
    }

    func groupNorm() -> [Double] {
        let size = test.channels / test.groups
        return normalized { index in
            let row = index / (test.pixels * test.channels)
            return row * test.groups + index % test.channels / size
        }
    }

    func layerNorm() -> [Double] {
        var plain = self.test
        plain.activation = .none
        return NormalizationInputs(plain, x, scale, shift).normalized { $0 / test.channels }
    }

    /// Normalises each element with the moments of the elements of the same set.
    private func normalized(_ set: (Int) -> Int) -> [Double] {
        let sets = x.indices.map(set)
        let count = (sets.max() ?? 0) + 1
        var sizes = [Double](repeating: 0, count: count)
        var means = sizes
        var variances = sizes
        for (index, set) in sets.enumerated() {
            sizes[set] += 1
            means[set] += Double(x[index])
        }
        for set in 0..<count { means[set] /= sizes[set] }
        for (index, set) in sets.enumerated() {
            variances[set] += (Double(x[index]) - means[set]) * (Double(x[index]) - means[set]) / sizes[set]
        }
        return sets.enumerated().map { index, set in
            let channel = index % test.channels
            let normal = (Double(x[index]) - means[set]) / (variances[set] + Double(epsilon)).squareRoot()
            let value = normal * Double(scale[channel]) + Double(shift[channel])
            guard case .silu = test.activation else { return value }
            return value / (1 + exp(-value))
        }
    }
}

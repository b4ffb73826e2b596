// SPDX-License-Identifier: Apache-2.0

import Tensor
import Testing

struct LinearCase: CustomTestStringConvertible {
    var rows: Int
    var inputs: Int
    var outputs: Int
    var activation = Activation.none
    var hasBias = true
    var hasResidual = false

    var testDescription: String {
        "\(rows)x\(inputs)->\(outputs) \(activation)\(hasBias ? " bias" : "")\(hasResidual ? " residual" : "")"
    }

    /// Every height of tile and number of columns, odd extents, sums longer than a block, and each epilogue.
    static let all: [LinearCase] =
        (1...13).map { LinearCase(rows: $0, inputs: $0 * 5, outputs: $0 * 10) }
        + (1...13).map { LinearCase(rows: 14 - $0, inputs: $0, outputs: 64 + $0 * 5, hasResidual: true) }
        + [
            LinearCase(rows: 1, inputs: 1, outputs: 1),
            LinearCase(rows: 0, inputs: 5, outputs: 7),
            LinearCase(rows: 5, inputs: 1100, outputs: 9),
            LinearCase(rows: 7, inputs: 513, outputs: 20, hasResidual: true),
            LinearCase(rows: 600, inputs: 3, outputs: 5),
            LinearCase(rows: 7, inputs: 30, outputs: 130, activation: .silu),
            LinearCase(rows: 7, inputs: 31, outputs: 67, activation: .gelu, hasResidual: true),
            LinearCase(rows: 7, inputs: 31, outputs: 67, activation: .gelu, hasBias: false),
            LinearCase(rows: 7, inputs: 16, outputs: 2, activation: .geglu),
            LinearCase(rows: 8, inputs: 30, outputs: 40, activation: .geglu),
            LinearCase(rows: 9, inputs: 30, outputs: 64, activation: .geglu, hasResidual: true),
            LinearCase(rows: 9, inputs: 33, outputs: 130, activation: .geglu, hasBias: false),
            LinearCase(rows: 6, inputs: 20, outputs: 180, activation: .geglu),
        ]
}

/// One linear layer's operands, rounded as the device will hold them.
private struct LinearOperands {
    let x: [Float]
    let weight: [Float]
    let hostWeight: HostArray
    let bias: [Float]?
    let residual: [Float]?
    let test: LinearCase

    init(_ test: LinearCase, precision: DType) {
        var values = Values(seed: test.rows + 31 * test.inputs + 1009 * test.outputs)
        let channels = test.activation == .geglu ? test.outputs / 2 : test.outputs
        x = values.next(test.rows * test.inputs, precision: precision)
        weight = values.next(
            test.outputs * test.inputs,
            scale: 2 / Float(test.inputs).squareRoot(),
            precision: precision
        )
        hostWeight = HostArray(weight, shape: [test.outputs, test.inputs])
        bias = test.hasBias ? values.next(test.outputs) : nil
        residual = test.hasResidual ? values.next(test.rows * channels, precision: precision) : nil
        self.test = test
    }

    var reference: Reference.Result {
        Reference.linear(
            x,
            weight,
            bias: bias,
            residual: residual,
            inputs: test.inputs,
            activation: test.activation
        )
    }

    func result(on device: CPUDevice, rows: Range<Int>? = nil) -> [Float] {
        let rows = rows ?? 0..<test.rows
        let hostBias = bias.map { HostArray($0, shape: [test.outputs]) }
        let weights =
            test.activation == .geglu
            ? device.pack(gatedLinear: hostWeight, bias: hostBias, isQuantizable: true, at: .own)
            : device.pack(linear: hostWeight, bias: hostBias, isQuantizable: true, at: .own)
        let input = Array(x[rows.lowerBound * test.inputs..<rows.upperBound * test.inputs])
        let added = residual.map {
            device.upload(
                Array($0[rows.lowerBound * weights.outputs..<rows.upperBound * weights.outputs]),
                shape: [rows.count, weights.outputs]
            )
        }
        return device.download(
            device.linear(
                device.upload(input, shape: [rows.count, test.inputs]),
                weights,
                activation: test.activation,
                residual: added
            )
        )
    }
}

@Suite struct LinearTests {
    @Test(arguments: LinearCase.all, DType.allCases)
    func `a linear layer is its definition on every instruction set`(test: LinearCase, precision: DType) {
        let operands = LinearOperands(test, precision: precision)
        let want = operands.reference
        for instructionSet in InstructionSet.available {
            let device = CPUDevice(precision: precision, threads: 1, instructionSet: instructionSet)
            let got = operands.result(on: device)
            let index = Reference.firstDifference(got, want, precision: precision)
            #expect(
                index == nil,
                "\(instructionSet): element \(index ?? 0) of \(got.count) is \(got[index ?? 0]), not \(want.values[index ?? 0])"
            )
        }
    }

    @Test(arguments: InstructionSet.available, DType.allCases)
    func `the number of threads changes no bit`(instructionSet: InstructionSet, precision: DType) {
        for test in [
            LinearCase(rows: 590, inputs: 20, outputs: 70, hasResidual: true),
            LinearCase(rows: 6, inputs: 520, outputs: 150, activation: .geglu),
        ] {
            let operands = LinearOperands(test, precision: precision)
            let results = [1, 2, 3, 5].map {
                operands.result(
                    on: CPUDevice(precision: precision, threads: $0, instructionSet: instructionSet)
                )
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }
    }

    @Test(arguments: InstructionSet.available, DType.allCases)
    func `a row alone has the bits it has in a batch`(instructionSet: InstructionSet, precision: DType) {
        let device = CPUDevice(precision: precision, threads: 2, instructionSet: instructionSet)
        let test = LinearCase(rows: 6, inputs: 520, outputs: 70, activation: .silu, hasResidual: true)
        let operands = LinearOperands(test, precision: precision)
        let batch = operands.result(on: device)
        for row in 0..<6 {
            #expect(operands.result(on: device, rows: row..<row + 1) == Array(batch[row * 70..<(row + 1) * 70]))
        }
        #expect(operands.result(on: device, rows: 1..<6) == Array(batch[70...]))
    }

    @Test func `instruction sets with fused multiply-add agree in every bit`() {
        let fused = InstructionSet.available.filter { [.avx2, .avx512].contains($0) }
        for precision in DType.allCases {
            let test = LinearCase(rows: 20, inputs: 100, outputs: 150, activation: .geglu, hasResidual: true)
            let operands = LinearOperands(test, precision: precision)
            let results = fused.map {
                operands.result(on: CPUDevice(precision: precision, threads: 1, instructionSet: $0))
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }
    }

    // Of 127 steps each way, rounding loses about half a percent; a result's own rounding is less than that.
    @Test(arguments: LinearCase.all)
    func `8-bit products are the definition within their rounding, and alike on every instruction set`(
        test: LinearCase
    ) {
        let operands = LinearOperands(test, precision: .bfloat16)
        let want = operands.reference
        let results = InstructionSet.available.map {
            operands.result(on: CPUDevice(.int8, threads: 1, instructionSet: $0))
        }
        if test.inputs >= 8, test.outputs >= 8, test.rows > 0 {
            #expect(relativeDistance(results[0], want.values) < 2e-2)
        }
        // The sums are whole numbers; only an activation function may round differently.
        guard test.activation == .none else { return }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(arguments: InstructionSet.available)
    func `neither threads nor other rows change a bit of 8-bit products`(instructionSet: InstructionSet) {
        let test = LinearCase(rows: 590, inputs: 530, outputs: 150, activation: .geglu, hasResidual: true)
        let operands = LinearOperands(test, precision: .bfloat16)
        let results = [1, 2, 3, 5].map {
            operands.result(on: CPUDevice(.int8, threads: $0, instructionSet: instructionSet))
        }
        #expect(results.allSatisfy { $0 == results[0] })
        let device = CPUDevice(.int8, threads: 2, instructionSet: instructionSet)
        for rows in [0..<1, 7..<11, 300..<590] {
            let part = results[0][rows.lowerBound * 75..<rows.upperBound * 75]
            #expect(operands.result(on: device, rows: rows) == Array(part))
        }
    }

    @Test func `a value that is not a number stays one`() {
        for instructionSet in InstructionSet.available {
            let device = CPUDevice(.int8, threads: 1, instructionSet: instructionSet)
            let weights = device.pack(
                linear: HostArray([Float](repeating: 1, count: 40), shape: [10, 4]),
                bias: nil,
                isQuantizable: true,
                at: .own
            )
            let x = device.upload([1, .nan, 1, 1, 1, 1, 1, 1, 1, 1, -.infinity, 1], shape: [3, 4])
            let got = device.download(device.linear(x, weights, activation: .none, residual: nil))
            #expect(got[..<10].allSatisfy(\.isNaN) && got[10..<20].allSatisfy { abs($0 - 4) < 0.05 })
            #expect(got[20...].allSatisfy { !$0.isFinite })
        }
        for instructionSet in InstructionSet.available {
            for precision in DType.allCases {
                let device = CPUDevice(precision: precision, threads: 1, instructionSet: instructionSet)
                let weights = device.pack(
                    linear: HostArray([Float](repeating: 1, count: 40), shape: [10, 4]),
                    bias: nil
                )
                let x = device.upload([1, .nan, 1, 1, 1, 1, 1, 1], shape: [2, 4])
                for activation in [Activation.none, .silu, .gelu] {
                    let got = device.download(device.linear(x, weights, activation: activation, residual: nil))
                    #expect(got[..<10].allSatisfy(\.isNaN) && got[10...].allSatisfy(\.isFinite))
                }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@testable import Tensor

struct ConvolutionCase: CustomTestStringConvertible {
    var shape: Shape
    var outputs: Int
    var kernel = 3
    var geometry = ConvolutionGeometry(leading: 1, trailing: 1)
    var hasRowBias = false
    var hasResidual = false

    var testDescription: String {
        "\(shape)->\(outputs) kernel \(kernel) stride \(geometry.stride) padding \(geometry.leading),\(geometry.trailing)"
            + (geometry.upsamples ? " upsampled" : "")
    }

    static let all = [
        ConvolutionCase(shape: [1, 1, 1, 1], outputs: 1),
        ConvolutionCase(shape: [1, 5, 7, 3], outputs: 17, hasRowBias: true, hasResidual: true),
        ConvolutionCase(shape: [2, 6, 6, 4], outputs: 70, hasRowBias: true),
        ConvolutionCase(shape: [3, 4, 9, 9], outputs: 8, hasRowBias: true, hasResidual: true),
        ConvolutionCase(shape: [2, 8, 8, 33], outputs: 3, hasResidual: true),
        ConvolutionCase(
            shape: [2, 7, 5, 16],
            outputs: 16,
            geometry: ConvolutionGeometry(stride: 2, leading: 1, trailing: 1)
        ),
        // As the autoencoder's encoder halves pictures.
        ConvolutionCase(shape: [2, 8, 6, 5], outputs: 20, geometry: ConvolutionGeometry(stride: 2, trailing: 1)),
        ConvolutionCase(shape: [1, 9, 9, 2], outputs: 5, geometry: ConvolutionGeometry(stride: 3, leading: 2)),
        ConvolutionCase(shape: [1, 6, 5, 7], outputs: 4, geometry: ConvolutionGeometry()),
        ConvolutionCase(
            shape: [2, 3, 4, 10],
            outputs: 66,
            kernel: 1,
            geometry: ConvolutionGeometry(),
            hasRowBias: true
        ),
        ConvolutionCase(shape: [1, 4, 4, 3], outputs: 2, kernel: 1, geometry: ConvolutionGeometry(stride: 2)),
        ConvolutionCase(shape: [1, 6, 6, 2], outputs: 3, kernel: 5, geometry: .same(kernel: 5)),
        ConvolutionCase(shape: [1, 2, 2, 3], outputs: 2, geometry: ConvolutionGeometry(leading: 3, trailing: 4)),
        // Too small for Winograd's algorithm in either way.
        ConvolutionCase(
            shape: [2, 1, 3, 40],
            outputs: 36,
            geometry: ConvolutionGeometry(leading: 1, trailing: 1, upsamples: true),
            hasResidual: true
        ),
        ConvolutionCase(
            shape: [2, 3, 4, 5],
            outputs: 7,
            geometry: ConvolutionGeometry(stride: 2, leading: 2, trailing: 1, upsamples: true),
            hasRowBias: true
        ),
        // More pixels than a block has, within a line and across lines and pictures.
        ConvolutionCase(shape: [1, 2, 700, 2], outputs: 3, hasResidual: true),
        ConvolutionCase(shape: [3, 15, 17, 3], outputs: 5, hasRowBias: true),
        // More channels than are widened at once.
        ConvolutionCase(shape: [1, 3, 3, 520], outputs: 4),
    ]

    /// Of enough channels and pixels for Winograd's algorithm: whole tiles, tiles over the edges, odd channels, more of them
    /// than are transformed at once, more tiles than a block has.
    static let large = [
        ConvolutionCase(shape: [2, 8, 8, 32], outputs: 64),
        ConvolutionCase(shape: [1, 5, 7, 33], outputs: 35, hasRowBias: true, hasResidual: true),
        ConvolutionCase(shape: [3, 4, 9, 40], outputs: 70, hasRowBias: true, hasResidual: true),
        ConvolutionCase(shape: [1, 6, 5, 150], outputs: 32, hasResidual: true),
        ConvolutionCase(shape: [1, 7, 10, 32], outputs: 33, geometry: ConvolutionGeometry()),
        ConvolutionCase(shape: [1, 6, 6, 36], outputs: 40, geometry: ConvolutionGeometry(leading: 2, trailing: 1)),
        ConvolutionCase(shape: [2, 34, 36, 32], outputs: 32, hasRowBias: true),
        ConvolutionCase(
            shape: [2, 5, 6, 41],
            outputs: 70,
            geometry: ConvolutionGeometry(leading: 1, trailing: 1, upsamples: true),
            hasRowBias: true,
            hasResidual: true
        ),
        ConvolutionCase(
            shape: [1, 18, 17, 32],
            outputs: 33,
            geometry: ConvolutionGeometry(leading: 1, trailing: 1, upsamples: true)
        ),
        ConvolutionCase(
            shape: [1, 4, 3, 36],
            outputs: 40,
            geometry: ConvolutionGeometry(leading: 2, trailing: 1, upsamples: true)
        ),
    ]
}

private struct ConvolutionOperands {
    let x: [Float]
    let weight: [Float]
    let bias: [Float]
    let rowBias: [Float]?
    let residual: [Float]?
    let result: Shape
    let test: ConvolutionCase

    init(_ test: ConvolutionCase, precision: DType) {
        let shape = test.shape
        var values = Values(seed: shape.count + 31 * test.outputs)
        let taps = test.kernel * test.kernel * shape[3]
        result = [
            shape[0], test.geometry.outputExtent(shape[1], kernel: test.kernel),
            test.geometry.outputExtent(shape[2], kernel: test.kernel), test.outputs,
        ]
        x = values.next(shape.count, precision: precision)
        weight = values.next(test.outputs * taps, scale: 1 / Float(taps).squareRoot(), precision: precision)
        bias = values.next(test.outputs)
        rowBias = test.hasRowBias ? values.next(shape[0] * test.outputs, precision: precision) : nil
        residual = test.hasResidual ? values.next(result.count, precision: precision) : nil
        self.test = test
    }

    var reference: Reference.Result {
        Reference.convolution(
            x,
            test.shape,
            weight,
            outputs: test.outputs,
            kernel: test.kernel,
            geometry: test.geometry,
            bias: bias,
            rowBias: rowBias,
            residual: residual
        )
    }

    func result(on device: CPUDevice, rows: Range<Int>? = nil) -> [Float] {
        let rows = rows ?? 0..<test.shape[0]
        let weights = device.pack(
            convolution: HostArray(
                weight,
                shape: [test.outputs, test.shape[3], test.kernel, test.kernel]
            ),
            bias: HostArray(bias, shape: [test.outputs])
        )
        func upload(_ values: [Float], _ shape: Shape) -> Tensor {
            let inner = shape.extents.dropFirst()
            let count = inner.reduce(1, *)
            return device.upload(
                Array(values[rows.lowerBound * count..<rows.upperBound * count]),
                shape: Shape([rows.count] + inner)
            )
        }
        return device.download(
            device.convolution(
                upload(x, test.shape),
                weights,
                geometry: test.geometry,
                rowBias: rowBias.map { upload($0, [test.shape[0], test.outputs]) },
                residual: residual.map { upload($0, result) }
            )
        )
    }
}

@Suite struct ConvolutionTests {
    @Test(arguments: ConvolutionCase.all, DType.allCases)
    func `a convolution is its definition on every instruction set`(test: ConvolutionCase, precision: DType) {
        let operands = ConvolutionOperands(test, precision: precision)
        let want = operands.reference
        for instructionSet in InstructionSet.available {
            let device = CPUDevice(precision: precision, threads: 2, instructionSet: instructionSet)
            let got = operands.result(on: device)
            let index = Reference.firstDifference(got, want, precision: precision)
            #expect(
                index == nil,
                "\(instructionSet): element \(index ?? 0) of \(got.count) is \(got[index ?? 0]), not \(want.values[index ?? 0])"
            )
        }
    }

    @Test(arguments: ConvolutionCase.large)
    func `Winograd's algorithm in float32 is the definition on every instruction set`(test: ConvolutionCase) {
        let operands = ConvolutionOperands(test, precision: .float32)
        let want = operands.reference
        for instructionSet in InstructionSet.available {
            let got = operands.result(
                on: CPUDevice(precision: .float32, threads: 2, instructionSet: instructionSet)
            )
            #expect(relativeDistance(got, want.values) < 2e-6, "\(instructionSet)")
            let index = Reference.firstDifference(got, want, precision: .float32)
            #expect(index == nil, "\(instructionSet): element \(index ?? 0) of \(got.count)")
        }
    }

    // Rounding the result to bfloat16 alone costs 1.7e-3. Where products are of bfloat16, so are transformed values.
    @Test(arguments: ConvolutionCase.large, [false, true])
    func `Winograd's algorithm in bfloat16 is the definition within its rounding`(
        test: ConvolutionCase,
        isFast: Bool
    ) {
        let operands = ConvolutionOperands(test, precision: .bfloat16)
        let want = operands.reference
        for instructionSet in InstructionSet.available {
            let device = CPUDevice(precision: .bfloat16, threads: 2, instructionSet: instructionSet, isFast: isFast)
            let multipliesBFloat16 = [.portableBFloat16, .avx512BFloat16].contains(instructionSet)
            let bound = !multipliesBFloat16 ? 2.5e-3 : isFast ? 1.5e-2 : 5.5e-3
            #expect(relativeDistance(operands.result(on: device), want.values) < bound, "\(instructionSet)")
        }
    }

    @Test func `how a convolution is computed depends on one picture alone`() {
        let device = CPUDevice(precision: .bfloat16, threads: 2, instructionSet: .portable)
        let layer = ck_panels(outputs: 64, inputs: 64, taps: 9, gated: false, type: CK_BF16)
        func algorithm(
            _ height: Int,
            _ width: Int,
            stride: Int = 1,
            upsamples: Bool = false
        ) -> CPUDevice.ConvolutionAlgorithm {
            device.algorithm(
                kernel: 3,
                geometry: ConvolutionGeometry(stride: stride, leading: 1, trailing: 1, upsamples: upsamples),
                panels: layer,
                height: height,
                width: width
            )
        }
        #expect(algorithm(8, 8) == .winograd(CK_F4))
        #expect(algorithm(8, 8, upsamples: true) == .winograd(CK_F2_UPSAMPLED))
        #expect(algorithm(3, 8) == .direct)
        #expect(algorithm(8, 8, stride: 2) == .direct)
    }

    @Test(arguments: [InstructionSet.portableBFloat16, .avx512BFloat16].filter(InstructionSet.available.contains))
    func `tiles of an upsampled picture leave out nothing but zeros`(instructionSet: InstructionSet) {
        let device = CPUDevice(precision: .bfloat16, threads: 2, instructionSet: instructionSet)
        var values = Values(seed: 7)
        let x = device.upload(values.next(2 * 7 * 9 * 50, precision: .bfloat16), shape: [2, 7, 9, 50])
        let weights = device.pack(
            convolution: HostArray(values.next(70 * 50 * 9, scale: 0.05), shape: [70, 50, 3, 3]),
            bias: HostArray(values.next(70), shape: [70])
        )
        func convolved(_ x: Tensor, _ geometry: ConvolutionGeometry) -> [Float] {
            device.download(device.convolution(x, weights, geometry: geometry, rowBias: nil, residual: nil))
        }
        let geometry = ConvolutionGeometry(leading: 1, trailing: 1, upsamples: true)
        let enlarged = device.upsampleNearest(x, height: 14, width: 18)
        #expect(convolved(x, geometry) == convolved(enlarged, geometry.afterUpsampling))
    }

    @Test(arguments: [false, true], InstructionSet.available.flatMap { set in DType.allCases.map { (set, $0) } })
    func `neither threads nor neighbours change a bit`(isLarge: Bool, path: (InstructionSet, DType)) {
        let (instructionSet, precision) = path
        let test = ConvolutionCase(
            shape: isLarge ? [6, 10, 14, 34] : [6, 10, 12, 5],
            outputs: 70,
            hasRowBias: true,
            hasResidual: true
        )
        let operands = ConvolutionOperands(test, precision: precision)
        let results = [1, 2, 3, 5].map {
            operands.result(on: CPUDevice(precision: precision, threads: $0, instructionSet: instructionSet))
        }
        #expect(results.allSatisfy { $0 == results[0] })
        let device = CPUDevice(precision: precision, threads: 2, instructionSet: instructionSet)
        let picture = results[0].count / 6
        for row in 0..<6 {
            let alone = operands.result(on: device, rows: row..<row + 1)
            #expect(alone == Array(results[0][row * picture..<(row + 1) * picture]))
        }
    }
}

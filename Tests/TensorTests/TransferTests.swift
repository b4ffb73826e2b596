// SPDX-License-Identifier: Apache-2.0

import Tensor
import Testing

@Suite struct TransferTests {
    @Test(arguments: InstructionSet.available)
    func `values return as they went, or rounded to nearest`(instructionSet: InstructionSet) {
        var values = Values(seed: 1)
        let numbers =
            values.next(75, scale: 1000)
            + [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNormalMagnitude, 1 + 0x1p-8, 1 + 0x3p-8]
        for precision in DType.allCases {
            let device = CPUDevice(precision: precision, threads: 1, instructionSet: instructionSet)
            let tensor = device.upload(numbers + [.nan], shape: [numbers.count + 1])
            let returned = device.download(tensor)
            #expect(returned.dropLast().map(\.bitPattern) == numbers.map { $0.rounded(to: precision).bitPattern })
            #expect(returned.last?.isNaN == true)
        }
    }

    @Test(arguments: InstructionSet.available)
    func `weights of every file type are packed as what they stand for`(instructionSet: InstructionSet) {
        var values = Values(seed: 2)
        // Half precision's smallest subnormal and largest number among them, and more than a vector of others.
        let numbers = [0x1p-24, -0x1.8p-15, 65504, -0.0] + values.next(41, scale: 0.1).map { Float(Float16($0)) }
        let device = CPUDevice(precision: .float32, threads: 1, instructionSet: instructionSet)
        for elementType in ElementType.allCases {
            let weight = HostArray(numbers, shape: [45, 1], elementType: elementType)
            let product = device.linear(
                device.upload([1], shape: [1, 1]),
                device.pack(linear: weight, bias: nil),
                activation: .none,
                residual: nil
            )
            #expect(
                device.download(product)
                    == numbers.map { elementType == .bfloat16 ? $0.roundedToBFloat16 : $0 }
            )
        }
    }

    @Test func `weights at an odd address are read`() {
        var values = Values(seed: 3)
        let numbers = values.next(70)
        for elementType in ElementType.allCases {
            let aligned = HostArray(numbers, shape: [7, 10], elementType: elementType)
            let shifted = Shifted(base: aligned)
            let device = CPUDevice(precision: .float32, threads: 1)
            let x = device.upload(values.next(10), shape: [1, 10])
            let results = [aligned, shifted as any HostTensor].map {
                device.download(
                    device.linear(x, device.pack(linear: $0, bias: nil), activation: .none, residual: nil)
                )
            }
            #expect(results[0] == results[1])
        }
    }
}

/// The same weights one byte further on.
private struct Shifted: HostTensor {
    let base: HostArray
    var shape: Shape { base.shape }
    var elementType: ElementType { base.elementType }

    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        let copy = base.withBytes { span in
            unsafe span.withUnsafeBytes { unsafe [0] + Array($0) }
        }
        return unsafe body(copy.span.bytes.extracting(1..<copy.count))
    }
}

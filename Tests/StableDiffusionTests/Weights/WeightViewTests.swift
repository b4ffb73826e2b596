// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite("Weight views")
struct WeightViewTests {
    private func view(_ tensor: SafetensorsBytes.Tensor) throws -> WeightView {
        let folder = try TemporaryFolder()
        // An odd name moves the data off any alignment.
        let path = try folder.write("file.safetensors", SafetensorsBytes.file([tensor]))
        return try SafetensorsFile(path: path).tensor(tensor.name)
    }

    @Test func `convert every half-precision number exactly`() throws {
        let halves = (UInt16.min...UInt16.max).map { $0 }
        let bytes = halves.flatMap(SafetensorsBytes.littleEndian)
        let floats = try view(.init("odd", type: "F16", [65_536], bytes: bytes)).floats()
        #expect(floats.count == 65_536)
        let wrong = zip(halves, floats).first { half, float in
            let expected = Self.value(of: half)
            return expected.isNaN ? !float.isNaN : expected.bitPattern != float.bitPattern
        }
        #expect(wrong == nil)
    }

    /// A half-precision number by the definition of IEEE 754, not by moving bits.
    private static func value(of half: UInt16) -> Float {
        let exponent = Int(half >> 10 & 31)
        let fraction = Float(half & 1023)
        let magnitude: Float =
            switch exponent {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            default: (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
            }
        return half & 0x8000 == 0 ? magnitude : -magnitude
    }

    @Test func `convert bfloat16 and float32 exactly`() throws {
        let values: [Float] = [0, -0.0, 1, -1.5, 0x1p-133, 3.3895e38, .infinity, -2]
        let upper = values.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
        let brain = try view(.init("b", type: "BF16", [8], bytes: upper.flatMap(SafetensorsBytes.littleEndian)))
        #expect(brain.elementType == .bfloat16)
        #expect(brain.floats().map(\.bitPattern) == upper.map { UInt32($0) << 16 })
        let single = try view(.init("single", [2, 4], values))
        #expect(single.elementType == .float32)
        #expect(single.floats().map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test func `lend exactly their bytes`() throws {
        let single = try view(.init("ab", [2, 2], [1, 2, 3, 4]))
        #expect(single.withBytes { $0.byteCount } == 16)
    }

    @Test func `of a scalar have one element`() throws {
        let scalar = try view(.init("s", [], [7]))
        #expect(scalar.shape == [])
        #expect(scalar.floats() == [7])
    }
}

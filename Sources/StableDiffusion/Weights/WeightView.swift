// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// A tensor in a mapped weight file, ready to be packed: checked, not copied.
package struct WeightView: HostTensor {
    /// The name in the model, as diffusers spells it.
    package let name: String
    package let shape: Shape
    package let elementType: ElementType
    private let file: MappedFile
    private let range: Range<Int>

    init(name: String, shape: Shape, elementType: ElementType, file: MappedFile, range: Range<Int>) {
        precondition(range.count == shape.count * elementType.size, "bytes and shape of \(name) disagree")
        self.name = name
        self.shape = shape
        self.elementType = elementType
        self.file = file
        self.range = range
    }

    package func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        file.withBytes(in: range, body)
    }

    package func release() {
        file.release(range)
    }

    /// All elements, row-major, converted without loss.
    package func floats() -> [Float] {
        let count = shape.count
        return withBytes { bytes in
            [Float](capacity: count) { floats in
                switch elementType {
                case .float32:
                    for index in 0..<count {
                        let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                        floats.append(Float(bitPattern: UInt32(littleEndian: bits)))
                    }
                case .float16:
                    for index in 0..<count {
                        let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                        floats.append(Float(halfBitPattern: UInt16(littleEndian: bits)))
                    }
                case .bfloat16:
                    for index in 0..<count {
                        let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                        floats.append(Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16))
                    }
                }
            }
        }
    }
}

extension Float {
    /// The value of a half-precision number.
    ///
    /// `Float(Float16)` is a call into the runtime per element on processors without a conversion instruction in their
    /// baseline; this is arithmetic that a loop can do many at a time. Multiplying by 2^112 moves the exponent's bias
    /// from 15 to 127 and makes subnormal numbers normal, exactly.
    init(halfBitPattern half: UInt16) {
        let magnitude = UInt32(half & 0x7FFF) << 13
        let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let bits = magnitude >= 0x7C00 << 13 ? magnitude | 0x7F80_0000 : finite
        self.init(bitPattern: bits | UInt32(half & 0x8000) << 16)
    }
}

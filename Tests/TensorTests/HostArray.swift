// SPDX-License-Identifier: Apache-2.0

import Tensor

/// Weights in an array, as a file would hold them.
struct HostArray: HostTensor {
    let shape: Shape
    let elementType: ElementType
    private let bytes: [UInt8]

    init(_ values: [Float], shape: Shape, elementType: ElementType = .float32) {
        precondition(values.count == shape.count)
        self.shape = shape
        self.elementType = elementType
        bytes =
            switch elementType {
            case .float32: Self.bytes(of: values)
            case .float16: Self.bytes(of: values.map { Float16($0) })
            case .bfloat16:
                Self.bytes(of: values.map { UInt16(truncatingIfNeeded: $0.roundedToBFloat16.bitPattern >> 16) })
            }
    }

    private static func bytes<Element: BitwiseCopyable>(of elements: [Element]) -> [UInt8] {
        unsafe elements.withUnsafeBytes { unsafe Array($0) }
    }

    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe body(bytes.span.bytes)
    }
}

extension Float {
    /// The nearest value with eight bits of mantissa, ties to even.
    var roundedToBFloat16: Float {
        guard isFinite else { return self }
        let bits = bitPattern
        return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
    }

    func rounded(to precision: DType) -> Float {
        precision == .bfloat16 ? roundedToBFloat16 : self
    }
}

/// Repeatable values, roughly normally distributed.
struct Values {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 | 1
    }

    private mutating func uniform() -> Float {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(state >> 40) * 0x1p-24
    }

    /// `count` values of standard deviation `scale`, rounded to a type.
    mutating func next(_ count: Int, scale: Float = 1, precision: DType = .float32) -> [Float] {
        (0..<count).map { _ in
            let sum = uniform() + uniform() + uniform() + uniform()
            return ((sum - 2) * 1.732 * scale).rounded(to: precision)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Tensor

extension SafetensorsFile {
    /// The floating-point tensor called `name`.
    package func tensor(_ name: String) throws(WeightError) -> WeightView {
        guard let stored = tensors[name] else { throw WeightError(file: file.path, tensor: name, .missing) }
        return try stored.view(as: name)
    }

    /// The elements of a tensor of bytes or 32-bit integers, row-major, and its shape: token ids and pixels, which are
    /// data beside a model and never weights.
    package func integers(_ name: String) throws(WeightError) -> (shape: [Int], values: [Int]) {
        guard let stored = tensors[name] else { throw WeightError(file: file.path, tensor: name, .missing) }
        let bytes = file.bytes(in: stored.range)
        switch stored.type {
        case "U8":
            return (stored.shape, bytes.map(Int.init))
        case "I32":
            let values = stride(from: 0, to: bytes.count, by: 4).map { start in
                let bits = bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                return Int(Int32(bitPattern: bits))
            }
            return (stored.shape, values)
        default:
            throw WeightError(file: file.path, tensor: name, .unsupportedType(stored.type))
        }
    }
}

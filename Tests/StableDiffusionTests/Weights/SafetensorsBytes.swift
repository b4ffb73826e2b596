// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Safetensors files made by hand, right and wrong ones.
enum SafetensorsBytes {
    struct Tensor {
        var name: String
        var type = "F32"
        var shape: [Int]
        var bytes: [UInt8]

        init(_ name: String, _ shape: [Int], _ values: [Float]) {
            self.name = name
            self.shape = shape
            bytes = values.flatMap { littleEndian($0.bitPattern) }
        }

        init(_ name: String, type: String, _ shape: [Int], bytes: [UInt8]) {
            self.name = name
            self.type = type
            self.shape = shape
            self.bytes = bytes
        }
    }

    /// A file with a header as given.
    static func file(header: String, data: Int = 0, statedLength: UInt64? = nil) -> Data {
        let length = statedLength ?? UInt64(header.utf8.count)
        return Data(littleEndian(length)) + Data(header.utf8) + Data(count: data)
    }

    /// A right file.
    static func file(_ tensors: [Tensor]) -> Data {
        var end = 0
        let entries = tensors.map { tensor in
            defer { end += tensor.bytes.count }
            return #""\#(tensor.name)": {"dtype": "\#(tensor.type)", "shape": \#(tensor.shape), "#
                + #""data_offsets": [\#(end), \#(end + tensor.bytes.count)]}"#
        }
        return file(header: "{\(entries.joined(separator: ", "))}") + Data(tensors.flatMap(\.bytes))
    }

    static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

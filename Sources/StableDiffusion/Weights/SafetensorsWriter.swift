// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes float32 tensors as a safetensors file.
package enum SafetensorsWriter {
    private struct Entry: Encodable {
        var dtype = "F32"
        var shape: [Int]
        var dataOffsets: [Int]

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    /// - Parameter tensors: names, shapes and row-major values; each as many values as its shape has elements.
    package static func write(_ tensors: [(name: String, shape: [Int], values: [Float])], to path: String) throws {
        var header: [String: Entry] = [:]
        var data: [UInt8] = []
        for tensor in tensors {
            precondition(tensor.values.count == tensor.shape.reduce(1, *), "\(tensor.name) is not \(tensor.shape)")
            let start = data.count
            for value in tensor.values {
                data.append(littleEndian: UInt64(value.bitPattern), bytes: 4)
            }
            header[tensor.name] = Entry(shape: tensor.shape, dataOffsets: [start, data.count])
        }
        let encoder = JSONEncoder()
        // The same tensors are the same bytes.
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(header)
        var file: [UInt8] = []
        file.append(littleEndian: UInt64(json.count), bytes: 8)
        try Data(file + json + data).write(to: URL(filePath: path), options: .atomic)
    }
}

extension [UInt8] {
    /// Appends the lowest bytes of an integer, least significant first.
    fileprivate mutating func append(littleEndian value: UInt64, bytes: Int) {
        for index in 0..<bytes {
            append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The JSON header of a safetensors file, as it is written there: nothing is compared with the file's size yet.
struct SafetensorsHeader {
    struct Tensor {
        var type: String
        var shape: [Int]
        /// Offsets of the first byte and of the byte after the last, from the start of the data section.
        var start: Int
        var end: Int
    }

    var tensors: [String: Tensor] = [:]
    var metadata: [String: String] = [:]
}

extension SafetensorsHeader {
    /// Reads the header's small subset of JSON, and nothing more.
    ///
    /// A general JSON decoder keeps one of two equal keys without saying so, reads `1e3` and `-0` as integers, and
    /// nests as deep as the file likes. This format needs none of that.
    struct Parser {
        private var cursor: JSONCursor

        init(bytes: [UInt8], file: String) {
            cursor = JSONCursor(bytes: bytes, file: file, part: "header ")
        }

        /// The header: one object and at most spaces after it.
        mutating func parse() throws(WeightError) -> SafetensorsHeader {
            var header = SafetensorsHeader()
            var hasMetadata = false
            try cursor.object { (cursor, name) throws(WeightError) in
                if name == "__metadata__" {
                    guard !hasMetadata else { throw cursor.error("two entries called \(name)") }
                    hasMetadata = true
                    header.metadata = try Self.metadata(&cursor)
                } else {
                    guard header.tensors[name] == nil else { throw cursor.error("two tensors called \(name)") }
                    header.tensors[name] = try Self.tensor(&cursor, name: name)
                }
            }
            try cursor.end()
            return header
        }

        private static func metadata(_ cursor: inout JSONCursor) throws(WeightError) -> [String: String] {
            var metadata: [String: String] = [:]
            try cursor.object { (cursor, key) throws(WeightError) in
                metadata[key] = try cursor.string()
            }
            return metadata
        }

        private static func tensor(_ cursor: inout JSONCursor, name: String) throws(WeightError) -> Tensor {
            var type: String?
            var shape: [Int]?
            var offsets: [Int]?
            try cursor.object { (cursor, key) throws(WeightError) in
                switch key {
                case "dtype" where type == nil: type = try cursor.string()
                case "shape" where shape == nil: shape = try cursor.integers()
                case "data_offsets" where offsets == nil: offsets = try cursor.integers()
                default: throw cursor.error("tensor \(name) has an unexpected or repeated key \(key)")
                }
            }
            guard let type, let shape, let offsets, offsets.count == 2 else {
                throw cursor.error("tensor \(name) lacks its dtype, its shape or its two data_offsets")
            }
            return Tensor(type: type, shape: shape, start: offsets[0], end: offsets[1])
        }
    }
}

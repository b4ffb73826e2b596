// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite("Safetensors files")
struct SafetensorsFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Opens a file of these bytes, which has no name any more when this returns.
    ///
    /// Straight through the C library: Foundation takes milliseconds a file, and there are thousands.
    private func open(_ content: Data) throws -> SafetensorsFile {
        let path = folder.url.appending(path: "file.safetensors").path
        guard let file = unsafe fopen(path, "w") else { throw CocoaError(.fileWriteUnknown) }
        let written = unsafe content.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
        unsafe fclose(file)
        defer { unsafe unlink(path) }
        try #require(written == content.count)
        return try SafetensorsFile(path: path)
    }

    @Test func `are read with their metadata`() throws {
        let header = #"""
            {"__metadata__": {"format": "pt", "note": "caf\u00e9 \ud83d\ude80 \"\\\/\n"},
             "b": {"shape": [2, 1], "dtype": "F32", "data_offsets": [4, 12]},
             "a": {"dtype": "I64", "shape": [0, 3], "data_offsets": [4, 4]},
             "\u0061b": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}
            """#
        let file = try open(SafetensorsBytes.file(header: header, data: 12))
        #expect(Set(file.names) == ["a", "b", "ab"])
        #expect(file.metadata == ["format": "pt", "note": "café 🚀 \"\\/\n"])
    }

    @Test func `may be empty and padded with spaces`() throws {
        #expect(try open(SafetensorsBytes.file(header: "{}")).names.isEmpty)
        #expect(try open(SafetensorsBytes.file(header: "{ }    ")).names.isEmpty)
    }

    /// Text that test output shows the beginning of.
    struct Header: CustomTestStringConvertible, Sendable {
        var text: String

        var testDescription: String { text.prefix(100).debugDescription }
    }

    /// Headers with twelve bytes of data after them, each wrong in one way.
    static let wrongHeaders = [
        "", "[]", "null", "{", "{}}", "{} {}", "{},", "\u{0}", "{\"a\"}", "{\"a\": 1}", "{\"a\": []}", "{\"a\": {}}",
        tensor(offsets: "[0, 12"), tensor(offsets: "[0, 12, 12]"), tensor(offsets: "[0]"), tensor(offsets: "[]"),
        tensor(offsets: "0"), tensor(offsets: "[-1, 11]"), tensor(offsets: "[-0, 12]"), tensor(offsets: "[0, 12.0]"),
        tensor(offsets: "[0, 1.2e1]"), tensor(offsets: "[0, NaN]"), tensor(offsets: "[0, Infinity]"),
        tensor(offsets: "[0, \"12\"]"), tensor(offsets: "[00, 12]"), tensor(offsets: "[0, 012]"),
        tensor(offsets: "[0, null]"), tensor(offsets: "[+0, 12]"), tensor(offsets: "[12, 0]"),
        tensor(offsets: "[0, 13]"), tensor(offsets: "[0, 8]"), tensor(offsets: "[0, 11]"), tensor(offsets: "[4, 16]"),
        tensor(offsets: "[0, 9223372036854775807]"), tensor(offsets: "[0, 9223372036854775808]"),
        tensor(offsets: "[0, 99999999999999999999999999]"),
        tensor(offsets: "[9223372036854775795, 9223372036854775807]"), tensor(shape: "[4]"), tensor(shape: "[-3]"),
        tensor(shape: "[3.0]"), tensor(shape: "3"), tensor(shape: "[[3]]"), tensor(shape: "[1, 2]"),
        tensor(shape: "[4294967296, 4294967296]"), tensor(shape: "[9223372036854775807, 3]"),
        tensor(shape: "[3, 4611686018427387904]"), tensor(shape: "[9223372036854775807, 9223372036854775807, 0]"),
        tensor(type: "F64"), tensor(type: "F16"), "{\"a\": {\"dtype\": 32, \"shape\": [3], \"data_offsets\": [0, 12]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [3]}}", "{\"a\": {\"dtype\": \"F32\", \"data_offsets\": [0, 12]}}",
        "{\"a\": {\"shape\": [3], \"data_offsets\": [0, 12]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [3], \"data_offsets\": [0, 12], \"more\": 1}}",
        "{\"a\": {\"dtype\": \"F32\", \"dtype\": \"F32\", \"shape\": [3], \"data_offsets\": [0, 12]}}",
        // Two tensors: of one name, of one name spelled differently, overlapping, with a gap, the same bytes.
        two("a", [0, 4], "a", [4, 12]), two("a", [0, 4], "\\u0061", [4, 12]), two("é", [0, 4], "e\u{301}", [4, 12]),
        two("a", [0, 8], "b", [4, 12]), two("a", [0, 4], "b", [8, 12]), two("a", [0, 12], "b", [0, 12]),
        two("a", [0, 4], "b", [4, 8]), two("a", [4, 8], "b", [8, 12]),
        "{\"__metadata__\": {\"a\": 1}}", "{\"__metadata__\": []}", "{\"__metadata__\": {}, \"__metadata__\": {}}",
        "{\"__metadata__\": {\"a\": {\"b\": \"c\"}}}", "{\"\\ud83d\": {}}", "{\"\\ud83d\\u0041\": {}}",
        "{\"\\u12\": {}}",
        "{\"\\x\": {}}", "{\"a\u{1}\": {}}", "{\"a", "{\"a\\", "{\"\\u", String(repeating: "{\"a\":", count: 100_000),
        String(repeating: "[", count: 100_000), "{\"a\": " + String(repeating: "[", count: 100_000),
    ].map(Header.init)

    private static func tensor(type: String = "F32", shape: String = "[3]", offsets: String = "[0, 12]") -> String {
        "{\"a\": {\"dtype\": \"\(type)\", \"shape\": \(shape), \"data_offsets\": \(offsets)}}"
    }

    private static func two(_ first: String, _ firstBytes: [Int], _ second: String, _ secondBytes: [Int]) -> String {
        func entry(_ name: String, _ bytes: [Int]) -> String {
            "\"\(name)\": {\"dtype\": \"F32\", \"shape\": [\((bytes[1] - bytes[0]) / 4)], \"data_offsets\": \(bytes)}"
        }
        return "{\(entry(first, firstBytes)), \(entry(second, secondBytes))}"
    }

    @Test(arguments: wrongHeaders)
    func `with a wrong header are refused`(_ header: Header) throws {
        let error = try #require(throws: WeightError.self) {
            try open(SafetensorsBytes.file(header: header.text, data: 12))
        }
        #expect(error.file.hasSuffix(".safetensors"))
    }

    @Test func `that are right differ from the wrong ones only there`() throws {
        #expect(try open(SafetensorsBytes.file(header: Self.tensor(), data: 12)).names.count == 1)
        let pair = Self.two("a", [0, 4], "b", [4, 12])
        #expect(try open(SafetensorsBytes.file(header: pair, data: 12)).names.count == 2)
    }

    @Test(arguments: [3, 100_000_001, UInt64(Int64.max), UInt64(Int64.max) + 1, .max, 0])
    func `with a wrong header length are refused`(_ length: UInt64) throws {
        #expect(throws: WeightError.self) {
            try open(SafetensorsBytes.file(header: "{}", statedLength: length))
        }
    }

    @Test func `shorter than a length are refused`() throws {
        for count in 0..<8 {
            #expect(throws: WeightError.self) { try open(Data(count: count)) }
        }
    }

    @Test func `with a header that is not UTF-8 are refused`() throws {
        let content = SafetensorsBytes.file([.init("a", [1], [1])])
        #expect(throws: WeightError.self) { try open(Data(content.map { $0 == UInt8(ascii: "a") ? 0xFF : $0 })) }
    }

    @Test func `with bytes after the last tensor are refused`() throws {
        let content = SafetensorsBytes.file([.init("a", [2], [1, 2])])
        #expect(throws: WeightError.self) { try open(content + Data(count: 1)) }
    }

    @Test func `cut short anywhere are refused`() throws {
        let content = SafetensorsBytes.file([.init("a", [2], [1, 2]), .init("b", [1], [3])])
        for count in 0..<content.count {
            #expect(throws: WeightError.self, "\(count) bytes") { try open(content.prefix(count)) }
        }
    }

    /// Random damage may by chance leave a right file, but must never end the process or reach outside the file.
    @Test func `with random damage are refused or read`() throws {
        let original = SafetensorsBytes.file([
            .init("conv.weight", [2, 1, 1, 1], [1, 2]), .init("conv.bias", [2], [3, 4]),
            .init("conv.count", type: "F16", [1, 1], bytes: [0, 0]),
        ])
        let alphabet = Array(#"{}[]",:\0123456789-+.eEaun "#.utf8) + [0, 0xFF, 0xC3, 0x80]
        var generator = SplitMix(seed: 21)
        var refused = 0
        for _ in 0..<3_000 {
            var content = Array(original)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<content.count, using: &generator)
                let byte = alphabet.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: content[place] = byte
                case 1: content.insert(byte, at: place)
                case 2: content.remove(at: place)
                default: content[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
            }
            do {
                let file = try open(Data(content))
                for name in file.names { _ = try file.tensor(name).floats() }
            } catch is WeightError {
                refused += 1
            }
        }
        #expect((1_000..<3_000).contains(refused))
    }
}

/// The generator of Steele, Lea and Flood (2014): the same numbers in every run.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

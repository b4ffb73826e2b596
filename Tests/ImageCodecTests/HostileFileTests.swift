// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Testing

/// Any bytes must give a picture within the limits or an ``ImageCodecError``; a crash ends the test run.
@Suite struct HostileFileTests {
    private static let names = [
        "rgba.png", "rgb-interlaced.png", "palette-alpha.png", "progressive.jpeg", "orientation6.jpeg",
        "comment-little-endian.jpeg", "lossy.webp", "alpha.webp", "mark-as-attribute.webp", "animated.webp",
    ]
    private static let limits = DecodingLimits(maxBytes: 1 << 16, maxPixels: 1 << 16)

    private func decode(_ bytes: [UInt8]) {
        do throws(ImageCodecError) {
            let decoded = try ImageDecoder(limits: Self.limits).decode(bytes)
            #expect(decoded.image.width * decoded.image.height <= Self.limits.maxPixels)
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test(arguments: names)
    func `survives every truncation`(name: String) throws {
        let bytes = try Fixture.bytes(name)
        for length in 0..<bytes.count {
            decode(Array(bytes.prefix(length)))
        }
    }

    @Test(arguments: names, 0..<4 as Range<UInt64>)
    func `survives random damage`(name: String, seed: UInt64) throws {
        let original = try Fixture.bytes(name)
        var random = SplitMix64(state: seed)
        for _ in 0..<200 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
                case 3: bytes.insert(contentsOf: bytes[index...].prefix(16), at: index)
                default: bytes.removeSubrange(index..<min(index + 4, bytes.count - 1))
                }
            }
            if name.hasSuffix(".png") { bytes = withValidChecksums(bytes) }
            decode(bytes)
        }
    }

    /// Repairs the CRC of each PNG chunk, so that damage reaches the code behind the check.
    private func withValidChecksums(_ file: [UInt8]) -> [UInt8] {
        var file = file
        var position = 8
        while position + 12 <= file.count {
            let length = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = position + 8 + length
            guard end + 4 <= file.count else { break }
            let crc = crc32(file[position + 4..<end])
            for byte in 0..<4 { file[end + byte] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * byte)) }
            position = end + 4
        }
        return file
    }

    private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
    }
}

/// Steele, Lea and Flood's generator: the same damage on every run.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

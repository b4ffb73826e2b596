// SPDX-License-Identifier: Apache-2.0

/// The 256 characters that stand for bytes in the files of a byte-level vocabulary.
///
/// Bytes that print are themselves; the others take the characters from U+0100 on in order, so that no token contains
/// a space or a control character (GPT-2's `bytes_to_unicode`).
enum ByteAlphabet {
    static let characters: [Unicode.Scalar] = {
        let printing: [ClosedRange<UInt8>] = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF]
        var other: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            if printing.contains(where: { $0.contains(byte) }) { return Unicode.Scalar(byte) }
            defer { other += 1 }
            return Unicode.Scalar(other) ?? Unicode.Scalar(byte)
        }
    }()
}

// SPDX-License-Identifier: Apache-2.0

/// The 64-bit FNV-1a hash: tells accidental changes apart, not intended ones.
///
/// Inlined in other modules: the tokenizer's table hashes a million bytes at each start.
package struct FNV1a: Sendable {
    /// The hash of what was combined so far.
    @usableFromInline package var value: UInt64

    /// - Parameter seed: the standard's offset basis, or another for a hash of one's own.
    @inlinable package init(seed: UInt64 = 0xcbf2_9ce4_8422_2325) {
        value = seed
    }

    @inlinable package mutating func combine(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    @inlinable package mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
    }

    /// The value as 16 hexadecimal digits, for a file's name.
    package var digits: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

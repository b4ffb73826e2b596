// SPDX-License-Identifier: Apache-2.0

/// The 64-bit FNV-1a hash: tells accidental changes apart, not intended ones.
struct FNV1a {
    private(set) var value: UInt64

    /// - Parameter seed: the standard's offset basis, or another for a hash of one's own.
    init(seed: UInt64 = 0xcbf2_9ce4_8422_2325) {
        value = seed
    }

    mutating func combine(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
    }
}

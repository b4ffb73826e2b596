// SPDX-License-Identifier: Apache-2.0

/// Bounds-checked reads from a TIFF structure: every offset in it comes from a stranger.
struct TIFFReader {
    private let data: [UInt8]
    /// The byte order the header declares.
    let bigEndian: Bool

    /// `nil` unless `data` starts with a TIFF header.
    init?(_ data: [UInt8]) {
        if data.starts(with: [0x4D, 0x4D, 0, 42]) {
            bigEndian = true
        } else if data.starts(with: [0x49, 0x49, 42, 0]) {
            bigEndian = false
        } else {
            return nil
        }
        self.data = data
    }

    /// The unsigned 16-bit integer at `offset`; `nil` past the end.
    func short(at offset: Int) -> Int? {
        integer(at: offset, byteCount: 2)
    }

    /// The unsigned 32-bit integer at `offset`; `nil` past the end.
    func long(at offset: Int) -> Int? {
        integer(at: offset, byteCount: 4)
    }

    /// The offset of the 12-byte entry for `tag` in the directory at `ifd`; `nil` when it is not there.
    func entry(_ tag: Int, ifd: Int) -> Int? {
        guard let count = short(at: ifd) else { return nil }
        return (0..<count).lazy.map { ifd + 2 + 12 * $0 }.first { short(at: $0) == tag }
    }

    /// The value of an entry of one integer: a SHORT, or the LONG that some programs write in its place.
    func integer(ofEntry entry: Int) -> Int? {
        let isLong = short(at: entry + 2) == 4
        return isLong ? long(at: entry + 8) : short(at: entry + 8)
    }

    /// The value of an entry of one-byte elements (types BYTE, ASCII and UNDEFINED).
    func bytes(ofEntry entry: Int) -> [UInt8]? {
        guard let type = short(at: entry + 2), [1, 2, 7].contains(type), let count = long(at: entry + 4) else {
            return nil
        }
        // Up to four bytes are kept in the entry itself.
        guard let start = count <= 4 ? entry + 8 : long(at: entry + 8), start + count <= data.count else { return nil }
        return Array(data[start..<start + count])
    }

    private func integer(at offset: Int, byteCount: Int) -> Int? {
        guard offset >= 0, offset + byteCount <= data.count else { return nil }
        let bytes = data[offset..<offset + byteCount]
        return (bigEndian ? Array(bytes) : bytes.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
}

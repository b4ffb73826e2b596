// SPDX-License-Identifier: Apache-2.0

/// The two EXIF fields used here, and the TIFF structure that carries them.
///
/// Source: EXIF 2.32 (CIPA DC-008), sections 4.6.2 (IFD) and 4.6.5 (tags).
struct ExifBlock: Equatable {
    /// `Orientation` (0x0112): how the stored rows and columns are to be shown.
    var orientation: Int?
    /// `UserComment` (0x9286).
    var userComment: String?

    private enum Tag {
        static let orientation = 0x0112
        static let exifIFD = 0x8769
        static let userComment = 0x9286
    }

    init(userComment: String) {
        self.userComment = userComment
    }

    /// Reads the fields of a TIFF structure; a field that is missing or malformed is `nil`.
    ///
    /// The structure may start with `Exif\0\0`: JPEG requires it, and some programs write it into WebP files too.
    init(parsing bytes: [UInt8]) {
        let tiff = bytes.starts(with: Self.identifier) ? Array(bytes.dropFirst(Self.identifier.count)) : bytes
        guard let reader = TIFFReader(tiff), let firstIFD = reader.long(at: 4) else { return }
        orientation = reader.entry(Tag.orientation, ifd: firstIFD).flatMap { reader.integer(ofEntry: $0) }
        if let pointer = reader.entry(Tag.exifIFD, ifd: firstIFD), let exifIFD = reader.long(at: pointer + 8),
            let entry = reader.entry(Tag.userComment, ifd: exifIFD), let value = reader.bytes(ofEntry: entry)
        {
            userComment = Self.text(ofUserComment: value, bigEndian: reader.bigEndian)
        }
    }

    /// What comes before the TIFF structure in a JPEG APP1 segment.
    static let identifier: [UInt8] = Array("Exif\0\0".utf8)

    /// A big-endian TIFF structure with `UserComment` alone, character code `UNICODE`, UTF-16 as piexif writes it.
    ///
    /// The layout is fixed: header at 0, IFD 0 at 8, Exif IFD at 26, the comment at 44.
    var tiffBytes: [UInt8] {
        let comment = Array("UNICODE\0".utf8) + (userComment ?? "").utf16.flatMap { $0.bigEndianBytes }
        var out: [UInt8] = Array("MM".utf8) + UInt16(42).bigEndianBytes + UInt32(8).bigEndianBytes
        func appendIFD(tag: Int, type: UInt16, count: Int, value: UInt32) {
            out += UInt16(1).bigEndianBytes
            out += UInt16(tag).bigEndianBytes + type.bigEndianBytes
            out += UInt32(count).bigEndianBytes + value.bigEndianBytes
            out += UInt32(0).bigEndianBytes  // no next IFD
        }
        appendIFD(tag: Tag.exifIFD, type: 4, count: 1, value: 26)  // LONG
        appendIFD(tag: Tag.userComment, type: 7, count: comment.count, value: 44)  // UNDEFINED
        return out + comment
    }

    /// The comment after its 8-byte character code; `nil` for codes that are neither Unicode nor ASCII.
    private static func text(ofUserComment value: [UInt8], bigEndian: Bool) -> String? {
        let body = value.dropFirst(8)
        if value.starts(with: "UNICODE\0".utf8) {
            let units = stride(from: body.startIndex, to: body.endIndex - body.count % 2, by: 2).map { index in
                let (high, low) = bigEndian ? (body[index], body[index + 1]) : (body[index + 1], body[index])
                return UInt16(high) << 8 | UInt16(low)
            }
            return String(validating: units, as: UTF16.self)
        }
        guard value.starts(with: "ASCII\0\0\0".utf8) else { return nil }
        return String(validating: body.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension FixedWidthInteger {
    /// The bytes of the value, most significant first.
    var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The marker segments of a JPEG file up to its first scan.
///
/// Source: ITU-T T.81 annex B; APP1 by EXIF 2.32 section 4.7.2 and XMP specification part 3, section 1.1.3.
struct JPEGSegments {
    /// A segment's marker code (its second byte) and where its payload lies in the file.
    struct Segment: Equatable {
        var marker: UInt8
        var payload: Range<Int>
    }

    /// The marker codes used here.
    enum Marker {
        static let app0: UInt8 = 0xE0
        static let app1: UInt8 = 0xE1
        static let startOfScan: UInt8 = 0xDA
        static let endOfImage: UInt8 = 0xD9
    }

    /// What an XMP segment's payload starts with.
    static let xmpIdentifier: [UInt8] = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    /// The longest payload: the 16-bit length counts itself.
    static let maxPayload = 65_533

    private(set) var segments: [Segment] = []

    /// Lists the segments before the first scan, as far as they are well-formed.
    init(parsing file: [UInt8]) {
        var position = 2  // after the start of image
        while position + 4 <= file.count, file[position] == 0xFF {
            let marker = file[position + 1]
            if marker == 0xFF {  // fill byte
                position += 1
                continue
            }
            guard marker != Marker.startOfScan, marker != Marker.endOfImage else { return }
            let length = Int(file[position + 2]) << 8 | Int(file[position + 3])
            let end = position + 2 + length
            guard length >= 2, end <= file.count else { return }
            segments.append(Segment(marker: marker, payload: position + 4..<end))
            position = end
        }
    }

    /// Where APP1 segments go: behind the JFIF header, which has to come first.
    var app1Offset: Int {
        guard let first = segments.first, first.marker == Marker.app0 else { return 2 }
        return first.payload.upperBound
    }

    /// The payload of the first APP1 segment that starts with `identifier`, without it.
    func app1(_ identifier: [UInt8], in file: [UInt8]) -> [UInt8]? {
        segments.lazy
            .filter { $0.marker == Marker.app1 && file[$0.payload].starts(with: identifier) }
            .map { Array(file[$0.payload].dropFirst(identifier.count)) }
            .first
    }

    /// An APP1 segment: marker, length and payload.
    static func app1(_ payload: [UInt8]) throws(ImageCodecError) -> [UInt8] {
        guard payload.count <= maxPayload else {
            throw .invalidMetadata(.jpeg, reason: "\(payload.count) bytes do not fit in a segment of \(maxPayload)")
        }
        return [0xFF, Marker.app1] + UInt16(payload.count + 2).bigEndianBytes + payload
    }
}

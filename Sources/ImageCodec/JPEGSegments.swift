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
        /// Codes that no segment has; where one stands for a restart, libjpeg searches right behind it.
        static let invalid: Range<UInt8> = 0..<0xC0
        static let restarts: ClosedRange<UInt8> = 0xD0...0xD7
        static let startOfImage: UInt8 = 0xD8
        static let app0: UInt8 = 0xE0
        static let app1: UInt8 = 0xE1
        static let startOfScan: UInt8 = 0xDA
        static let endOfImage: UInt8 = 0xD9
    }

    /// What an XMP segment's payload starts with.
    static let xmpIdentifier: [UInt8] = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    /// The longest payload: the 16-bit length counts itself.
    static let maxPayload = 65_533

    /// The most scans a picture may have; encoders write about ten.
    ///
    /// Each scan of a progressive file is a pass over the whole picture and takes a few bytes to ask for.
    static let maxScans = 64

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

    /// How many scans the file has, found as libjpeg finds them: stray bytes between segments are passed over.
    ///
    /// Counting stops beyond ``maxScans``.
    static func scanCount(in file: [UInt8]) -> Int {
        var count = 0
        var rest = file.dropFirst(2)  // after the start of image
        // In a scan's data 0xFF is followed by 0 or by a restart, so the search for the next marker passes over it.
        while count <= maxScans, let start = rest.firstIndex(of: 0xFF), start + 1 < file.endIndex {
            let marker = file[start + 1]
            switch marker {
            case 0xFF:  // fill byte
                rest = file[(start + 1)...]
            case Marker.invalid, Marker.restarts, Marker.startOfImage:
                rest = file[(start + 2)...]
            case Marker.endOfImage:
                return count
            default:
                if marker == Marker.startOfScan { count += 1 }
                guard start + 4 <= file.endIndex else { return count }
                let length = Int(file[start + 2]) << 8 | Int(file[start + 3])
                rest = file.dropFirst(start + 2 + length)
            }
        }
        return count
    }

    /// An APP1 segment: marker, length and payload.
    static func app1(_ payload: [UInt8]) throws(ImageCodecError) -> [UInt8] {
        guard payload.count <= maxPayload else {
            throw .invalidMetadata(.jpeg, reason: "\(payload.count) bytes do not fit in a segment of \(maxPayload)")
        }
        return [0xFF, Marker.app1] + UInt16(payload.count + 2).bigEndianBytes + payload
    }
}

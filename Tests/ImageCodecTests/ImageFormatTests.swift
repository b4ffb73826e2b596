// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Testing

@Suite struct ImageFormatTests {
    @Test(arguments: [
        ("cat.jpg", ImageFormat.jpeg), ("out/cat.JPEG", .jpeg), ("/a.b/cat.png", .png), ("c.at.webp", .webp),
        ("cat", nil), ("cat.gif", nil), (".png", nil), ("a.png/cat", nil), ("", nil), ("cat.", nil),
    ])
    func `tells the format of a path by its extension`(path: String, format: ImageFormat?) {
        #expect(ImageFormat(path: path) == format)
    }

    @Test(arguments: [
        ("RIFFxxxxWEBP", ImageFormat.webp), ("RIFFxxxxWAVE", nil), ("RIFF", nil), ("GIF89a", nil), ("", nil),
    ])
    func `tells the format of a file by its first bytes`(start: String, format: ImageFormat?) {
        #expect(ImageFormat(sniffing: Array(start.utf8)) == format)
    }

    @Test(arguments: ImageFormat.allCases)
    func `recognizes what it writes`(format: ImageFormat) throws {
        let bytes = try ImageEncoder(format: format).encode(.sample())
        #expect(ImageFormat(sniffing: bytes) == format)
        #expect(format.mediaType == "image/\(format.rawValue)")
        #expect(format.fileExtensions.allSatisfy { ImageFormat(pathExtension: $0) == format })
    }
}

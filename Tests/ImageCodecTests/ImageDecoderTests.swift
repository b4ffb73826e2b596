// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Testing

@Suite struct ImageDecoderTests {
    private static let exact = [
        "grey1.png", "grey2.png", "grey4.png", "grey8.png", "grey16.png", "grey-key.png", "grey-alpha.png", "rgb16.png",
        "rgb-interlaced.png", "rgba.png", "palette-alpha.png", "lossless.webp", "alpha.webp", "rotated.webp",
    ]
    private static let close =
        ["baseline.jpeg", "progressive.jpeg", "grey.jpeg", "lossy.webp"] + (1...8).map { "orientation\($0).jpeg" }

    @Test(arguments: exact.map { ($0, 0) } + close.map { ($0, 2) })
    func `reads every kind of picture`(name: String, tolerance: Int) throws {
        let decoded = try ImageDecoder().decode(Fixture.bytes(name))
        let stem = try #require(name.split(separator: ".").first)
        let expected = try Fixture.bytes("\(stem).rgb")
        let image = try RGBImage(width: decoded.image.width, height: decoded.image.height, pixels: expected)
        #expect(decoded.image.maxDifference(from: image) <= tolerance)
        #expect(decoded.format == ImageFormat(path: name))
    }

    @Test(arguments: 1...8)
    func `applies the EXIF orientation`(orientation: Int) throws {
        let image = try ImageDecoder().decode(Fixture.bytes("orientation\(orientation).jpeg")).image
        #expect((image.width, image.height) == (orientation < 5 ? (20, 13) : (13, 20)))
    }

    /// TIFF structures with orientation 6 as a LONG, big-endian ("MM") and little-endian ("II").
    ///
    /// Only in the second is the value in the first two bytes, as that of a SHORT is.
    private static let longOrientations: [[UInt8]] = [
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0],
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 4, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
    ]

    @Test(arguments: longOrientations)
    func `applies an EXIF orientation that is written as a LONG`(tiff: [UInt8]) throws {
        let payload = Array("Exif\0\0".utf8) + tiff
        var jpeg = try ImageEncoder(format: .jpeg).encode(.sample(width: 48, height: 40))
        jpeg.insert(contentsOf: [0xFF, 0xE1, 0, UInt8(payload.count + 2)] + payload, at: 2)
        let image = try ImageDecoder().decode(jpeg).image
        #expect((image.width, image.height) == (40, 48))
    }

    @Test(arguments: [("cmyk.jpeg", ImageFormat.jpeg), ("animated.webp", .webp)])
    func `refuses what it cannot show`(name: String, format: ImageFormat) throws {
        let bytes = try Fixture.bytes(name)
        let error = #expect(throws: ImageCodecError.self) { try ImageDecoder().decode(bytes) }
        guard case .unsupported(format, _) = error else {
            Issue.record("unexpected error: \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["", "GIF89a", "<svg/>", "\u{FEFF}"])
    func `refuses other files`(content: String) {
        #expect(throws: ImageCodecError.unrecognizedFormat) { try ImageDecoder().decode(Array(content.utf8)) }
    }

    @Test(arguments: ImageFormat.allCases)
    func `refuses files and pictures over the limits`(format: ImageFormat) throws {
        let bytes = try ImageEncoder(format: format).encode(.sample(width: 40, height: 30))
        _ = try ImageDecoder(limits: DecodingLimits(maxBytes: bytes.count, maxPixels: 1200)).decode(bytes)
        #expect(throws: ImageCodecError.tooManyPixels(width: 40, height: 30, limit: 1199)) {
            try ImageDecoder(limits: DecodingLimits(maxPixels: 1199)).decode(bytes)
        }
        #expect(throws: ImageCodecError.sideOverLimit(width: 40, height: 30, limit: 39)) {
            try ImageDecoder(limits: DecodingLimits(maxSide: 39)).decode(bytes)
        }
        #expect(throws: ImageCodecError.tooManyBytes(bytes.count, limit: bytes.count - 1)) {
            try ImageDecoder(limits: DecodingLimits(maxBytes: bytes.count - 1)).decode(bytes)
        }
    }

    /// A file of a few bytes that declares gigapixels must be refused by its header, before any pixel is allocated.
    @Test func `refuses a decompression bomb by its header`() throws {
        var jpeg = try ImageEncoder(format: .jpeg).encode(.sample())
        let frame = try #require(jpeg.firstRange(of: [0xFF, 0xC0, 0x00, 0x11]))
        jpeg.replaceSubrange(frame.lowerBound + 5..<frame.lowerBound + 9, with: [0xFF, 0x00, 0xFF, 0x00])
        #expect(throws: ImageCodecError.tooManyPixels(width: 65_280, height: 65_280, limit: 25_000_000)) {
            try ImageDecoder().decode(jpeg)
        }
        var png = try ImageEncoder(format: .png).encode(.sample())
        png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
        let side = Int(Int32.max)
        #expect(throws: ImageCodecError.tooManyPixels(width: side, height: side, limit: 25_000_000)) {
            try ImageDecoder().decode(png)
        }
        var webp = try Fixture.bytes("lossless.webp")
        let stream = try #require(webp.firstRange(of: Array("VP8L".utf8)))
        // Width and height less one, 14 bits each, behind the chunk's size and the signature 0x2F.
        webp.replaceSubrange(stream.lowerBound + 9..<stream.lowerBound + 13, with: [0xFF, 0xFF, 0xFF, 0x0F])
        #expect(throws: ImageCodecError.tooManyPixels(width: 16_384, height: 16_384, limit: 25_000_000)) {
            try ImageDecoder().decode(webp)
        }
    }

    /// Resized to 1024 pixels a side, such a line would first become a picture of 77 GB.
    @Test(arguments: [(1, 25_000_000), (25_000_000, 1), (1, 16_385)])
    func `refuses a line of pixels by its header`(width: Int, height: Int) throws {
        var png = try ImageEncoder(format: .png).encode(.sample())
        let size = [width, height].flatMap { side in [24, 16, 8, 0].map { UInt8(side >> $0 & 255) } }
        png.replaceSubrange(16..<24, with: size)
        #expect(throws: ImageCodecError.sideOverLimit(width: width, height: height, limit: 16_384)) {
            try ImageDecoder().decode(png)
        }
    }

    @Test(arguments: [(1, 16_384), (16_384, 1)])
    func `the longest line is read and can be resized`(width: Int, height: Int) throws {
        let line = try RGBImage(width: width, height: height, pixels: [UInt8](repeating: 90, count: 3 * 16_384))
        let decoded = try ImageDecoder().decode(ImageEncoder(format: .png).encode(line)).image
        #expect(decoded == line)
        let resized = try decoded.resized(width: 16, height: 8)
        #expect(resized.pixels == [UInt8](repeating: 90, count: 16 * 8 * 3))
    }

    @Test func `passes over stray bytes at a JPEG's end`() throws {
        let jpeg = try ImageEncoder(format: .jpeg).encode(.sample())
        var stray = jpeg
        stray.insert(contentsOf: [1, 2, 3], at: jpeg.count - 2)
        #expect(try ImageDecoder().decode(stray) == ImageDecoder().decode(jpeg))
    }

    /// libjpeg tells its first warning only, here a harmless one.
    @Test func `stray bytes do not hide that a JPEG is cut`() throws {
        var jpeg = try ImageEncoder(format: .jpeg).encode(.sample())
        let table = try #require(jpeg.firstRange(of: [0xFF, 0xDB]))
        jpeg.insert(contentsOf: [1, 2, 3], at: table.lowerBound)
        #expect(throws: ImageCodecError.self) { try ImageDecoder().decode(Array(jpeg.dropLast(jpeg.count / 4))) }
        let scan = try #require(jpeg.firstRange(of: [0xFF, 0xDA]))
        #expect(throws: ImageCodecError.self) { try ImageDecoder().decode(Array(jpeg.prefix(scan.upperBound + 60))) }
    }

    @Test(arguments: [(64, false), (65, true), (5_000, true)])
    func `refuses a JPEG of too many scans`(count: Int, isRefused: Bool) throws {
        let jpeg = try Fixture.bytes("progressive.jpeg")
        let scans = jpeg.indices.dropLast().filter { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDA }
        let last = try #require(scans.last)
        let added = Array(repeatElement(jpeg[last..<jpeg.count - 2], count: count - scans.count).joined())
        let error = #expect(throws: ImageCodecError.self) {
            try ImageDecoder().decode(jpeg.dropLast(2) + added + [0xFF, 0xD9])
        }
        // Repeating a scan is damage of another kind, found later.
        #expect((error == .unsupported(.jpeg, feature: "more than 64 scans")) == isRefused)
    }

    @Test func `scans cannot hide in a segment that is none`() throws {
        var jpeg = try Fixture.bytes("progressive.jpeg")
        let scans = [[UInt8]](repeating: [0xFF, 0xDA, 0, 2], count: 65).flatMap(\.self)
        jpeg.insert(contentsOf: [0xFF, 0x02, 0xFF, 0xFF] + scans, at: jpeg.count - 2)
        #expect(throws: ImageCodecError.unsupported(.jpeg, feature: "more than 64 scans")) {
            try ImageDecoder().decode(jpeg)
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `refuses a file that is cut in the middle`(format: ImageFormat) throws {
        let bytes = try ImageEncoder(format: format).encode(.sample())
        let error = #expect(throws: ImageCodecError.self) {
            try ImageDecoder().decode(Array(bytes.prefix(bytes.count / 2)))
        }
        guard case .corrupt(format, _) = error else {
            Issue.record("unexpected error: \(String(describing: error))")
            return
        }
    }

    @Test func `errors are sentences that name the format and the limit`() {
        #expect(
            ImageCodecError.tooManyPixels(width: 9, height: 8, limit: 7).description
                == "the picture must have at most 7 pixels. Given: 9x8"
        )
        #expect(
            ImageCodecError.corrupt(.webp, reason: "x").description == "the WebP file is damaged or incomplete: x"
        )
    }
}

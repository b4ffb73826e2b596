// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Testing

@Suite struct ImageEncoderTests {
    @Test(arguments: ImageFormat.allCases, [0, -1, 101])
    func `refuses a quality outside 1 to 100`(format: ImageFormat, quality: Int) {
        #expect(throws: ImageCodecError.invalidQuality(quality)) {
            try ImageEncoder(format: format, quality: quality)
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `writes the same bytes for the same picture`(format: ImageFormat) throws {
        let encoder = try ImageEncoder(format: format)
        let metadata = ImageMetadata(parameters: "a cat", digitalSourceType: .trainedAlgorithmicMedia)
        let first = try encoder.encode(.sample(), metadata: metadata)
        #expect(try encoder.encode(.sample(), metadata: metadata) == first)
    }

    @Test(arguments: [1, 50, 100])
    func `PNG keeps every sample whatever the quality`(quality: Int) throws {
        let image = try RGBImage.sample()
        let bytes = try ImageEncoder(format: .png, quality: quality).encode(image)
        #expect(try ImageDecoder().decode(bytes).image == image)
        #expect(try bytes == ImageEncoder(format: .png).encode(image))
    }

    @Test(arguments: [(ImageFormat.jpeg, 12), (.webp, 40)])
    func `lossy formats stay close at high quality and shrink at low`(format: ImageFormat, tolerance: Int) throws {
        let image = try RGBImage.sample().resized(width: 96, height: 80)
        let fine = try ImageEncoder(format: format, quality: 100).encode(image)
        let coarse = try ImageEncoder(format: format, quality: 10).encode(image)
        #expect(coarse.count * 2 < fine.count)
        let decoded = try ImageDecoder().decode(fine).image
        #expect((decoded.width, decoded.height) == (96, 80))
        #expect(decoded.maxDifference(from: image) <= tolerance)
    }

    /// The sampling factors of the luma component: 0x11 is full colour resolution, 0x22 half of it both ways.
    @Test(arguments: [(100, 0x11 as UInt8), (90, 0x11), (89, 0x22), (1, 0x22)])
    func `JPEG keeps full colour resolution from quality 90`(quality: Int, sampling: UInt8) throws {
        let bytes = try ImageEncoder(format: .jpeg, quality: quality).encode(.sample())
        let frame = try #require(bytes.firstRange(of: [0xFF, 0xC0, 0x00, 0x11]))
        #expect(bytes[frame.lowerBound + 11] == sampling)
    }

    @Test(arguments: [(ImageFormat.jpeg, 65_501), (.webp, 16_384)])
    func `refuses a side the format cannot hold`(format: ImageFormat, side: Int) throws {
        let image = try RGBImage(width: side, height: 1, pixels: [UInt8](repeating: 7, count: side * 3))
        #expect(throws: ImageCodecError.sideTooLong(format, width: side, height: 1)) {
            try ImageEncoder(format: format).encode(image)
        }
        let decoder = ImageDecoder(limits: DecodingLimits(maxSide: side))
        #expect(try decoder.decode(ImageEncoder(format: .png).encode(image)).image == image)
    }

    @Test(arguments: ImageFormat.allCases)
    func `writes a picture of one pixel`(format: ImageFormat) throws {
        let image = try RGBImage(width: 1, height: 1, pixels: [200, 200, 200])
        let decoded = try ImageDecoder().decode(ImageEncoder(format: format).encode(image))
        #expect(decoded.format == format)
        #expect(decoded.image.maxDifference(from: image) <= 3)
    }
}

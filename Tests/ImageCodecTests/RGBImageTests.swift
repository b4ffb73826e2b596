// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Testing

@Suite struct RGBImageTests {
    @Test(arguments: [(0, 1, 0), (1, 0, 0), (-1, -1, 3), (2, 2, 11), (2, 2, 13), (2, 2, 15), (Int.max, Int.max, 3)])
    func `refuses sides that do not match the samples`(width: Int, height: Int, byteCount: Int) {
        #expect(throws: ImageCodecError.invalidPixels(width: width, height: height, byteCount: byteCount)) {
            try RGBImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: byteCount))
        }
    }

    @Test(arguments: [(16, 16), (64, 48), (37, 10), (5, 29), (1, 1), (38, 31)])
    func `resizes exactly like Pillow's Lanczos`(width: Int, height: Int) throws {
        let decoder = ImageDecoder()
        let source = try decoder.decode(Fixture.bytes("resize-source.png")).image
        let expected = try decoder.decode(Fixture.bytes("resize-\(width)x\(height).png")).image
        let resized = try source.resized(width: width, height: height)
        #expect((resized.width, resized.height) == (width, height))
        #expect(resized.maxDifference(from: expected) == 0)
    }

    @Test func `resizing to the same size changes nothing`() throws {
        let image = try RGBImage.sample()
        #expect(try image.resized(width: image.width, height: image.height) == image)
    }

    @Test(arguments: [(0, 8), (8, 0), (-3, 8)])
    func `refuses to resize to nothing`(width: Int, height: Int) throws {
        let image = try RGBImage.sample()
        #expect(throws: ImageCodecError.invalidSize(width: width, height: height)) {
            try image.resized(width: width, height: height)
        }
    }
}

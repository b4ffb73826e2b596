// SPDX-License-Identifier: Apache-2.0

/// A picture in memory: 8-bit sRGB samples, interleaved R G B, rows top to bottom without padding.
package struct RGBImage: Equatable, Sendable {
    /// Samples a pixel.
    package static let channels = 3

    /// Width in pixels, at least 1.
    package let width: Int
    /// Height in pixels, at least 1.
    package let height: Int
    /// The samples, shape (height, width, 3).
    package let pixels: [UInt8]

    /// Checks that `pixels` holds `width * height * 3` bytes.
    ///
    /// - Throws: ``ImageCodecError/invalidPixels(width:height:byteCount:)``.
    package init(width: Int, height: Int, pixels: [UInt8]) throws(ImageCodecError) {
        guard width > 0, height > 0, pixels.count.isMultiple(of: Self.channels),
            // Division cannot overflow, whatever sizes a caller asks for.
            case let (rows, rest) = (pixels.count / Self.channels).quotientAndRemainder(dividingBy: width),
            rows == height, rest == 0
        else {
            throw .invalidPixels(width: width, height: height, byteCount: pixels.count)
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Lays straight-alpha RGBA samples over white, rounding to nearest.
    ///
    /// White is what a browser shows behind a transparent picture, and the page such a picture was drawn for.
    init(width: Int, height: Int, rgbaOverWhite rgba: consuming [UInt8]) throws(ImageCodecError) {
        let count = rgba.count / 4
        // In place: pixel i is written to 3i..<3i+3 only after 4i..<4i+4 has been read.
        for index in 0..<count {
            let alpha = Int(rgba[4 * index + 3])
            for channel in 0..<Self.channels {
                let sample = Int(rgba[4 * index + channel])
                rgba[3 * index + channel] = UInt8((sample * alpha + 255 * (255 - alpha) + 127) / 255)
            }
        }
        rgba.removeLast(rgba.count - 3 * count)
        try self.init(width: width, height: height, pixels: rgba)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Reads picture files from people who are not trusted: any bytes give a picture or an ``ImageCodecError``.
package struct ImageDecoder: Sendable {
    /// What a file may ask for.
    package let limits: DecodingLimits

    /// Reads files within `limits`.
    package init(limits: DecodingLimits = DecodingLimits()) {
        self.limits = limits
    }

    /// The picture in a PNG, JPEG or WebP file, told apart by content.
    ///
    /// Transparency is laid over white. The EXIF orientation is applied, in all three formats. 16-bit samples keep their upper
    /// 8 bits. Colour profiles and gamma are not applied. Metadata that cannot be read is left out of the result, since the
    /// picture does not depend on it. CMYK JPEG files, animations and damaged or cut files are refused.
    package func decode(_ bytes: [UInt8]) throws(ImageCodecError) -> DecodedImage {
        guard bytes.count <= limits.maxBytes else {
            throw .tooManyBytes(bytes.count, limit: limits.maxBytes)
        }
        guard let format = ImageFormat(sniffing: bytes) else { throw .unrecognizedFormat }
        let stored =
            switch format {
            case .jpeg: try decodeJPEG(bytes)
            case .png: try decodePNG(bytes)
            case .webp: try decodeWebP(bytes)
            }
        return DecodedImage(
            image: try stored.image.upright(orientation: stored.orientation),
            format: format,
            metadata: stored.metadata
        )
    }
}

/// A picture file that has been read.
package struct DecodedImage: Equatable, Sendable {
    /// The picture, upright and opaque.
    package var image: RGBImage
    /// The format of the file.
    package var format: ImageFormat
    /// What the file says about how the picture was made.
    package var metadata: ImageMetadata
}

/// What a picture file may ask for, checked before memory is spent on it.
package struct DecodingLimits: Equatable, Sendable {
    /// The longest file, in bytes.
    package var maxBytes: Int
    /// The most pixels (width times height), read from the file's header before pixels are allocated.
    package var maxPixels: Int
    /// The longest side, in pixels.
    ///
    /// Resizing makes one side as long as asked before it touches the other, so a line of pixels would grow to a giant.
    package var maxSide: Int

    /// The defaults take a 24-megapixel camera's picture: 20 MiB and 25 million pixels, for which up to about 225 MB
    /// are in use while decoding.
    package init(maxBytes: Int = 20 << 20, maxPixels: Int = 25_000_000, maxSide: Int = 16_384) {
        self.maxBytes = maxBytes
        self.maxPixels = maxPixels
        self.maxSide = maxSide
    }

    /// Refuses a header that declares too many pixels, too long a side, or nothing.
    func check(_ format: ImageFormat, width: Int, height: Int) throws(ImageCodecError) {
        guard width > 0, height > 0 else {
            throw .corrupt(format, reason: "the header declares a size of \(width)x\(height)")
        }
        // Division, because the product of two hostile sizes could overflow.
        guard width <= maxPixels / height else {
            throw .tooManyPixels(width: width, height: height, limit: maxPixels)
        }
        guard max(width, height) <= maxSide else {
            throw .sideOverLimit(width: width, height: height, limit: maxSide)
        }
    }
}

/// A picture as it lies in a file, before the orientation is applied.
struct StoredImage {
    var image: RGBImage
    var orientation = 1
    var metadata = ImageMetadata()
}

// SPDX-License-Identifier: Apache-2.0

/// Writes pictures as files of one format.
///
/// The same picture and metadata always give the same bytes.
package struct ImageEncoder: Sendable {
    /// The quality of a picture nobody asked a quality for.
    package static let defaultQuality = 95

    /// The format of the files written.
    package let format: ImageFormat
    /// Fidelity of JPEG and WebP, 1 (smallest) to 100 (best).
    ///
    /// PNG is lossless and does not use it. JPEG keeps full colour resolution (4:4:4) from 90 up and halves it both ways (4:2:0) below. WebP is lossy at every
    /// quality.
    package let quality: Int

    /// Chooses format and quality.
    ///
    /// - Throws: ``ImageCodecError/invalidQuality(_:)`` outside 1...100, for every format.
    package init(format: ImageFormat, quality: Int = defaultQuality) throws(ImageCodecError) {
        guard (1...100).contains(quality) else { throw .invalidQuality(quality) }
        self.format = format
        self.quality = quality
    }

    /// The picture as the bytes of a file.
    ///
    /// - Throws: ``ImageCodecError`` when a side is longer than the format's ``ImageFormat/maxSide``, when the metadata does
    ///   not fit (a JPEG segment holds 65,533 bytes; no format can hold U+0000 in text) or when the library fails.
    package func encode(
        _ image: RGBImage,
        metadata: ImageMetadata = ImageMetadata()
    ) throws(ImageCodecError) -> [UInt8] {
        guard max(image.width, image.height) <= format.maxSide else {
            throw .sideTooLong(format, width: image.width, height: image.height)
        }
        var metadata = metadata
        if let parameters = metadata.parameters {
            guard !parameters.utf8.contains(0) else {
                throw .invalidMetadata(format, reason: "the generation parameters contain the character U+0000")
            }
            if parameters.isEmpty { metadata.parameters = nil }
        }
        return switch format {
        case .jpeg: try encodeJPEG(image, metadata: metadata)
        case .png: try encodePNG(image, metadata: metadata)
        case .webp: try encodeWebP(image, metadata: metadata)
        }
    }
}

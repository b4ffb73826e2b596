// SPDX-License-Identifier: Apache-2.0

import CImageCodec

extension ImageEncoder {
    /// A lossy WebP file; EXIF and XMP in chunks of their own.
    func encodeWebP(_ image: RGBImage, metadata: ImageMetadata) throws(ImageCodecError) -> [UInt8] {
        let file = try compressWebP(image)
        // Without metadata the short container is enough.
        guard metadata != ImageMetadata() else { return file }
        guard let muxer = WebPMuxer(parsing: file) else { throw .encodingFailed(.webp, reason: "out of memory") }
        if let parameters = metadata.parameters {
            try muxer.set(.exif, to: ExifBlock(userComment: parameters).tiffBytes)
        }
        if let type = metadata.digitalSourceType {
            try muxer.set(.xmp, to: XMPPacket(digitalSourceType: type).bytes)
        }
        return try muxer.assembled()
    }

    private func compressWebP(_ image: RGBImage) throws(ImageCodecError) -> [UInt8] {
        var buffer: UnsafeMutablePointer<UInt8>?
        defer { unsafe WebPFree(buffer) }
        let count = unsafe image.pixels.withUnsafeBufferPointer { pixels in
            unsafe WebPEncodeRGB(
                pixels.baseAddress,
                Int32(image.width),
                Int32(image.height),
                Int32(image.width * RGBImage.channels),
                Float(quality),
                &buffer
            )
        }
        guard count > 0 else { throw .encodingFailed(.webp, reason: "out of memory") }
        return unsafe Array(UnsafeBufferPointer(start: buffer, count: count))
    }
}

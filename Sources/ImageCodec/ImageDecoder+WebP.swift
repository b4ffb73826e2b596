// SPDX-License-Identifier: Apache-2.0

import CImageCodec

extension ImageDecoder {
    /// Reads a lossy or lossless still WebP.
    func decodeWebP(_ bytes: [UInt8]) throws(ImageCodecError) -> StoredImage {
        let image = try decompressWebP(bytes)
        let muxer = WebPMuxer(parsing: bytes)
        let exif = muxer?.payload(of: .exif).map { ExifBlock(parsing: $0) }
        let xmp = muxer?.payload(of: .xmp).flatMap { XMPPacket(parsing: $0) }
        return StoredImage(
            image: image,
            orientation: exif?.orientation ?? 1,
            metadata: ImageMetadata(parameters: exif?.userComment, digitalSourceType: xmp?.digitalSourceType)
        )
    }

    private func decompressWebP(_ bytes: [UInt8]) throws(ImageCodecError) -> RGBImage {
        var features = WebPBitstreamFeatures()
        let status = unsafe bytes.withUnsafeBufferPointer { file in
            unsafe WebPGetFeatures(file.baseAddress, file.count, &features)
        }
        guard status == VP8_STATUS_OK else { throw .corrupt(.webp, reason: "the header cannot be read") }
        let (width, height) = (Int(features.width), Int(features.height))
        try limits.check(.webp, width: width, height: height)
        guard features.has_animation == 0 else { throw .unsupported(.webp, feature: "an animation") }

        let hasAlpha = features.has_alpha != 0
        let stride = width * (hasAlpha ? 4 : RGBImage.channels)
        var samples = [UInt8](repeating: 0, count: stride * height)
        let isDecoded = unsafe bytes.withUnsafeBufferPointer { file in
            unsafe samples.withUnsafeMutableBufferPointer { out in
                let decode = hasAlpha ? unsafe WebPDecodeRGBAInto : unsafe WebPDecodeRGBInto
                return unsafe decode(file.baseAddress, file.count, out.baseAddress, out.count, Int32(stride)) != nil
            }
        }
        guard isDecoded else { throw .corrupt(.webp, reason: "the pixels cannot be read") }
        return hasAlpha
            ? try RGBImage(width: width, height: height, rgbaOverWhite: samples)
            : try RGBImage(width: width, height: height, pixels: samples)
    }
}

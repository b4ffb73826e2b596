// SPDX-License-Identifier: Apache-2.0

import CImageCodec

extension ImageDecoder {
    /// Reads a baseline or progressive JPEG, in colour or grey.
    func decodeJPEG(_ bytes: [UInt8]) throws(ImageCodecError) -> StoredImage {
        let image = try decompressJPEG(bytes)
        let segments = JPEGSegments(parsing: bytes)
        let exif = segments.app1(ExifBlock.identifier, in: bytes).map { ExifBlock(parsing: $0) }
        let xmp = segments.app1(JPEGSegments.xmpIdentifier, in: bytes).flatMap { XMPPacket(parsing: $0) }
        return StoredImage(
            image: image,
            orientation: exif?.orientation ?? 1,
            metadata: ImageMetadata(parameters: exif?.userComment, digitalSourceType: xmp?.digitalSourceType)
        )
    }

    private func decompressJPEG(_ bytes: [UInt8]) throws(ImageCodecError) -> RGBImage {
        guard let handle = unsafe TurboJPEGHandle(tjInitDecompress()) else {
            throw .corrupt(.jpeg, reason: "out of memory")
        }
        var (width, height, subsampling, colorspace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let headerResult = unsafe bytes.withUnsafeBufferPointer { file in
            unsafe tjDecompressHeader3(
                handle.pointer,
                file.baseAddress,
                UInt(file.count),
                &width,
                &height,
                &subsampling,
                &colorspace
            )
        }
        guard headerResult == 0 else { throw .corrupt(.jpeg, reason: handle.message) }
        try limits.check(.jpeg, width: Int(width), height: Int(height))
        guard JPEGSegments.scanCount(in: bytes) <= JPEGSegments.maxScans else {
            throw .unsupported(.jpeg, feature: "more than \(JPEGSegments.maxScans) scans")
        }
        // Colours of ink cannot be told without the press's profile.
        guard colorspace != Int32(TJCS_CMYK.rawValue), colorspace != Int32(TJCS_YCCK.rawValue) else {
            throw .unsupported(.jpeg, feature: "CMYK colours. Save it as RGB")
        }

        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * RGBImage.channels)
        let result = unsafe bytes.withUnsafeBufferPointer { file in
            unsafe pixels.withUnsafeMutableBufferPointer { out in
                unsafe tjDecompress2(
                    handle.pointer,
                    file.baseAddress,
                    UInt(file.count),
                    out.baseAddress,
                    width,
                    0,
                    height,
                    Int32(TJPF_RGB.rawValue),
                    TJFLAG_ACCURATEDCT
                )
            }
        }
        guard result == 0 || handle.metOnlyStrayBytesAtEnd else { throw .corrupt(.jpeg, reason: handle.message) }
        return try RGBImage(width: Int(width), height: Int(height), pixels: pixels)
    }
}

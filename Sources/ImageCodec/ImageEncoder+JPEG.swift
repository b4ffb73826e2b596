// SPDX-License-Identifier: Apache-2.0

import CImageCodec

extension ImageEncoder {
    /// A baseline JFIF file; EXIF and XMP in APP1 segments.
    func encodeJPEG(_ image: RGBImage, metadata: ImageMetadata) throws(ImageCodecError) -> [UInt8] {
        // Metadata first: it can fail without compressing anything.
        var app1: [UInt8] = []
        if let parameters = metadata.parameters {
            app1 += try JPEGSegments.app1(ExifBlock.identifier + ExifBlock(userComment: parameters).tiffBytes)
        }
        if let type = metadata.digitalSourceType {
            app1 += try JPEGSegments.app1(JPEGSegments.xmpIdentifier + XMPPacket(digitalSourceType: type).bytes)
        }
        var file = try compressJPEG(image)
        let offset = JPEGSegments(parsing: file).app1Offset
        file.insert(contentsOf: app1, at: offset)
        return file
    }

    private func compressJPEG(_ image: RGBImage) throws(ImageCodecError) -> [UInt8] {
        guard let handle = unsafe TurboJPEGHandle(tjInitCompress()) else {
            throw .encodingFailed(.jpeg, reason: "out of memory")
        }
        let (width, height) = (Int32(image.width), Int32(image.height))
        let subsampling = Int32((quality >= 90 ? TJSAMP_444 : TJSAMP_420).rawValue)
        let capacity = tjBufSize(width, height, subsampling)
        guard capacity != UInt.max else { throw .encodingFailed(.jpeg, reason: "the picture is too large") }

        // The accurate transform is bit-exact with and without SIMD, so a file does not depend on the processor.
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC
        var result: Int32 = -1
        let file = unsafe [UInt8](unsafeUninitializedCapacity: Int(capacity)) { out, count in
            var start = out.baseAddress
            var size = capacity
            result = unsafe image.pixels.withUnsafeBufferPointer { pixels in
                unsafe tjCompress2(
                    handle.pointer,
                    pixels.baseAddress,
                    width,
                    0,
                    height,
                    Int32(TJPF_RGB.rawValue),
                    &start,
                    &size,
                    subsampling,
                    Int32(quality),
                    flags
                )
            }
            count = result == 0 ? Int(size) : 0
        }
        guard result == 0 else { throw .encodingFailed(.jpeg, reason: handle.message) }
        return file
    }
}

// SPDX-License-Identifier: Apache-2.0

import CImageCodec

extension ImageDecoder {
    /// Reads a PNG of any bit depth and colour type, interlaced or not.
    func decodePNG(_ bytes: [UInt8]) throws(ImageCodecError) -> StoredImage {
        try checkPNGHeader(bytes)
        guard let context = SPNGContext() else { throw .corrupt(.png, reason: "out of memory") }
        // libspng reads from the buffer until the last chunk has been asked for.
        return try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(ImageCodecError) in
            try check(unsafe spng_set_png_buffer(context.pointer, buffer.baseAddress, buffer.count))
            // Bounds what compressed text and colour profiles may grow to.
            try check(unsafe spng_set_chunk_limits(context.pointer, 4 << 20, 16 << 20))
            let image = try pixels(of: context)
            try check(unsafe spng_decode_chunks(context.pointer))
            return StoredImage(
                image: image,
                orientation: orientation(of: context),
                metadata: metadata(of: context)
            )
        }
    }

    /// Checks the size where the PNG specification fixes its place, before libspng computes with it.
    private func checkPNGHeader(_ bytes: [UInt8]) throws(ImageCodecError) {
        let sizeOffset = 16  // after the signature and the IHDR chunk's length and type
        guard bytes.count >= sizeOffset + 8, bytes[12..<sizeOffset].elementsEqual("IHDR".utf8) else {
            throw .corrupt(.png, reason: "the header is missing")
        }
        func integer(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        try limits.check(.png, width: integer(at: sizeOffset), height: integer(at: sizeOffset + 4))
    }

    private func check(_ code: Int32) throws(ImageCodecError) {
        if let reason = SPNGContext.failure(code) { throw .corrupt(.png, reason: reason) }
    }

    private func pixels(of context: borrowing SPNGContext) throws(ImageCodecError) -> RGBImage {
        var header = spng_ihdr()
        try check(unsafe spng_get_ihdr(context.pointer, &header))
        let (width, height) = (Int(header.width), Int(header.height))

        let alphaTypes = [SPNG_COLOR_TYPE_GRAYSCALE_ALPHA.rawValue, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA.rawValue]
        let hasTransparency = try hasTransparencyChunk(context)
        let hasAlpha = hasTransparency || alphaTypes.contains(UInt32(header.color_type))
        let format = Int32((hasAlpha ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8).rawValue)
        var samples = [UInt8](repeating: 0, count: width * height * (hasAlpha ? 4 : RGBImage.channels))
        try check(
            unsafe samples.withUnsafeMutableBytes { out in
                let flags = Int32(SPNG_DECODE_TRNS.rawValue)
                return unsafe spng_decode_image(context.pointer, out.baseAddress, out.count, format, flags)
            }
        )
        return hasAlpha
            ? try RGBImage(width: width, height: height, rgbaOverWhite: samples)
            : try RGBImage(width: width, height: height, pixels: samples)
    }

    /// Whether a palette entry or a colour is declared transparent.
    ///
    /// Reads all chunks before the pixels, so it reports what is wrong with any of them.
    private func hasTransparencyChunk(_ context: borrowing SPNGContext) throws(ImageCodecError) -> Bool {
        var transparency = spng_trns()
        let code = unsafe spng_get_trns(context.pointer, &transparency)
        guard code != Int32(SPNG_ECHUNKAVAIL.rawValue) else { return false }
        try check(code)
        return true
    }

    private func orientation(of context: borrowing SPNGContext) -> Int {
        var exif = unsafe spng_exif()
        guard unsafe spng_get_exif(context.pointer, &exif) == 0 else { return 1 }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: exif.data, count: exif.length))
        return ExifBlock(parsing: bytes).orientation ?? 1
    }

    private func metadata(of context: borrowing SPNGContext) -> ImageMetadata {
        var metadata = ImageMetadata()
        var count: UInt32 = 0
        guard unsafe spng_get_text(context.pointer, nil, &count) == 0 else { return metadata }
        var chunks = unsafe [spng_text](repeating: spng_text(), count: Int(count))
        guard unsafe spng_get_text(context.pointer, &chunks, &count) == 0 else { return metadata }
        for index in 0..<Int(count) {
            let chunk = unsafe chunks[index]
            let keyword = unsafe withUnsafeBytes(of: chunk.keyword) { unsafe Array($0.prefix { $0 != 0 }) }
            let text = unsafe [UInt8](UnsafeRawBufferPointer(start: chunk.text, count: chunk.length))
            switch String(decoding: keyword, as: UTF8.self) {
            case SPNGContext.Keyword.parameters where metadata.parameters == nil:
                let isUTF8 = unsafe chunk.type == Int32(SPNG_ITXT.rawValue)
                metadata.parameters = isUTF8 ? String(validating: text, as: UTF8.self) : Self.string(latin1: text)
            case SPNGContext.Keyword.xmp where metadata.digitalSourceType == nil:
                metadata.digitalSourceType = XMPPacket(parsing: text)?.digitalSourceType
            default:
                break
            }
        }
        return metadata
    }

    private static func string(latin1 bytes: [UInt8]) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}

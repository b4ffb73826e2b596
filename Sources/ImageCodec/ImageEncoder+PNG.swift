// SPDX-License-Identifier: Apache-2.0

import CImageCodec

extension ImageEncoder {
    /// An 8-bit truecolour PNG, not interlaced, the metadata in text chunks before the pixels.
    func encodePNG(_ image: RGBImage, metadata: ImageMetadata) throws(ImageCodecError) -> [UInt8] {
        guard let context = SPNGContext(flags: SPNG_CTX_ENCODER) else {
            throw .encodingFailed(.png, reason: "out of memory")
        }
        func check(_ code: Int32) throws(ImageCodecError) {
            if let reason = SPNGContext.failure(code) { throw .encodingFailed(.png, reason: reason) }
        }
        try check(unsafe spng_set_option(context.pointer, SPNG_ENCODE_TO_BUFFER, 1))
        var header = spng_ihdr(
            width: UInt32(image.width),
            height: UInt32(image.height),
            bit_depth: 8,
            color_type: UInt8(SPNG_COLOR_TYPE_TRUECOLOR.rawValue),
            compression_method: 0,
            filter_method: 0,
            interlace_method: UInt8(SPNG_INTERLACE_NONE.rawValue)
        )
        try check(unsafe spng_set_ihdr(context.pointer, &header))

        // libspng keeps pointers into `texts` until the image is written.
        var texts = PNGTextChunks(metadata)
        try unsafe texts.withChunks { (chunks) throws(ImageCodecError) in
            if !chunks.isEmpty {
                try check(unsafe spng_set_text(context.pointer, chunks.baseAddress, UInt32(chunks.count)))
            }
            try check(
                unsafe image.pixels.withUnsafeBytes { pixels in
                    let flags = Int32(SPNG_ENCODE_FINALIZE.rawValue)
                    return unsafe spng_encode_image(
                        context.pointer,
                        pixels.baseAddress,
                        pixels.count,
                        Int32(SPNG_FMT_PNG.rawValue),
                        flags
                    )
                }
            )
        }

        var count = 0
        var code: Int32 = 0
        // The caller of spng_get_png_buffer owns the buffer.
        guard let buffer = unsafe spng_get_png_buffer(context.pointer, &count, &code) else {
            throw .encodingFailed(.png, reason: SPNGContext.failure(code) ?? "no data")
        }
        defer { unsafe free(buffer) }
        return unsafe Array(UnsafeRawBufferPointer(start: buffer, count: count))
    }
}

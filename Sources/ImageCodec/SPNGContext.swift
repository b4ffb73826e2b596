// SPDX-License-Identifier: Apache-2.0

import CImageCodec

/// An owned libspng context, freed with the value.
@safe struct SPNGContext: ~Copyable {
    let pointer: OpaquePointer

    /// Makes a context for reading, or for writing with `SPNG_CTX_ENCODER`; `nil` when memory is out.
    init?(flags: spng_ctx_flags? = nil) {
        guard let pointer = unsafe spng_ctx_new(Int32(flags?.rawValue ?? 0)) else { return nil }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe spng_ctx_free(pointer)
    }

    /// What a libspng return code means; `nil` for success.
    static func failure(_ code: Int32) -> String? {
        code == 0 ? nil : unsafe String(cString: spng_strerror(code))
    }

    /// The keywords of the text chunks used here.
    enum Keyword {
        /// AUTOMATIC1111's generation parameters.
        static let parameters = "parameters"
        /// XMP, by XMP specification part 3, section 1.1.5.
        static let xmp = "XML:com.adobe.xmp"
    }
}

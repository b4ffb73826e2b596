// SPDX-License-Identifier: Apache-2.0

import CImageCodec

/// An owned TurboJPEG compressor or decompressor, destroyed with the value.
@safe struct TurboJPEGHandle: ~Copyable {
    let pointer: tjhandle

    /// Takes over what `tjInitCompress` or `tjInitDecompress` returned; `nil` stays `nil`.
    init?(_ pointer: tjhandle?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        // Destroying fails only for a handle that is not one.
        _ = unsafe tjDestroy(pointer)
    }

    /// What the last call on this handle reported.
    var message: String {
        unsafe String(cString: tjGetErrorStr2(pointer))
    }

    /// Whether the last call only met stray bytes between markers, which cameras write and every program skips.
    ///
    /// libjpeg reports damage and cut files as warnings too, and goes on with grey pixels.
    var metStrayBytesOnly: Bool {
        let code = unsafe tjGetErrorCode(pointer)
        return code == Int32(TJERR_WARNING.rawValue) && message.contains("extraneous bytes before marker")
    }
}

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

    /// Whether all that the last call met was stray bytes before the end of the picture, which cameras write and every
    /// program skips.
    ///
    /// libjpeg reports damage and cut files as warnings too, goes on with grey pixels, and keeps the text of the first
    /// warning only. Nothing is read after the end marker (0xD9), so a first warning about it is the only one; stray bytes
    /// anywhere else may hide damage behind them.
    var metOnlyStrayBytesAtEnd: Bool {
        let code = unsafe tjGetErrorCode(pointer)
        return code == Int32(TJERR_WARNING.rawValue) && message.hasSuffix("extraneous bytes before marker 0xd9")
    }
}

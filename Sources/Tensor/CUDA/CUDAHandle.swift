// SPDX-License-Identifier: Apache-2.0

import CCUDA

/// An open GPU, closed with its last user: the device itself, and every piece of memory that may outlive it.
@safe final class CUDAHandle: @unchecked Sendable {
    // Safe: the pointer never changes, and calls come from one thread at a time (see CUDADevice).
    let pointer: OpaquePointer

    init(ordinal: Int, search: String?) throws(CUDAError) {
        var opened: OpaquePointer?
        try unsafe CUDAError.check(cc_open(&opened, Int32(ordinal), search))
        guard let opened = unsafe opened else { throw .last }
        unsafe pointer = opened
    }

    deinit {
        unsafe cc_close(pointer)
    }

    var properties: cc_properties { unsafe cc_device_properties(pointer) }
}

// SPDX-License-Identifier: Apache-2.0

import CCUDA

/// Why there is no CUDA device.
package struct CUDAError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What the last call that failed says.
    static var last: CUDAError { CUDAError(unsafe String(cString: cc_message())) }

    /// Throws if a call failed.
    static func check(_ result: Int32) throws(CUDAError) {
        if result != 0 { throw last }
    }
}

/// Ends the process if a call failed.
///
/// Once a model is loaded a GPU fails for good: it has no memory left, or a kernel broke it. A worker is a process of its
/// own, and its job goes to another one.
func must(_ result: Int32) {
    if result != 0 { fatalError("CUDA: \(CUDAError.last)") }
}

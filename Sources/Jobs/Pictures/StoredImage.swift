// SPDX-License-Identifier: Apache-2.0

package import ImageCodec

/// A picture as it is served.
package struct StoredImage: Equatable, Sendable {
    /// The whole file.
    package var bytes: [UInt8]
    /// The file's format.
    package var format: ImageFormat

    /// A picture to keep.
    package init(bytes: [UInt8], format: ImageFormat) {
        self.bytes = bytes
        self.format = format
    }
}

// SPDX-License-Identifier: Apache-2.0

package import ImageCodec

/// Keeps finished pictures for whoever was given their names.
package protocol ImageStore: Sendable {
    /// How long a picture can be fetched, at most.
    var lifetime: Duration { get }

    /// Keeps a picture and names it.
    func store(_ image: StoredImage) async throws -> ImageID

    /// The picture with this name; `nil` when there never was one or when it is gone.
    func image(_ id: ImageID) async throws -> StoredImage?
}

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

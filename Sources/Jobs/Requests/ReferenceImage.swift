// SPDX-License-Identifier: Apache-2.0

import Foundation
package import ImageCodec

/// A picture a request starts from: the bytes of a PNG, JPEG or WebP file that is known to decode.
///
/// The file is carried, not its pixels: it is what a request's record stores, and it is twenty times smaller.
package struct ReferenceImage: Equatable, Sendable {
    /// The whole file.
    package let bytes: [UInt8]

    /// Decodes the file once to learn that it can be, and keeps its bytes.
    ///
    /// - Throws: ``ImageCodecError`` when the bytes are no picture, or a larger one than `limits` allow.
    package init(validating bytes: [UInt8], limits: DecodingLimits) throws(ImageCodecError) {
        _ = try ImageDecoder(limits: limits).decode(bytes)
        self.bytes = bytes
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Stands for a picture whose file is kept elsewhere.
    static let withoutFile = ReferenceImage(bytes: [])
}

extension ReferenceImage: Codable {
    /// Reads base64 text.
    ///
    /// The bytes were checked before they were written, so they are not decoded again.
    package init(from decoder: any Decoder) throws {
        bytes = Array(try decoder.singleValueContainer().decode(Data.self))
    }

    /// Writes base64 text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Data(bytes))
    }
}

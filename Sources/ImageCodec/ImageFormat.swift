// SPDX-License-Identifier: Apache-2.0

/// A picture file format that can be written and read.
///
/// The raw value is the name the HTTP API uses for `output_format`.
package enum ImageFormat: String, CaseIterable, Sendable {
    case jpeg
    case png
    case webp

    /// The registered media type, for `Content-Type` and `Accept`.
    package var mediaType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        }
    }

    /// The file name extensions in use, the preferred one first, lower case and without a dot.
    package var fileExtensions: [String] {
        switch self {
        case .jpeg: ["jpeg", "jpg"]
        case .png: ["png"]
        case .webp: ["webp"]
        }
    }

    /// The longest side in pixels the format's encoder can write.
    package var maxSide: Int {
        switch self {
        case .jpeg: 65_500  // JPEG_MAX_DIMENSION of libjpeg
        case .png: Int(Int32.max)
        case .webp: 16_383  // WEBP_MAX_DIMENSION
        }
    }

    /// The format a file name extension stands for.
    ///
    /// `nil` for an extension that is not known. Case does not matter.
    package init?(pathExtension: String) {
        let lowercased = pathExtension.lowercased()
        guard let format = Self.allCases.first(where: { $0.fileExtensions.contains(lowercased) }) else { return nil }
        self = format
    }

    /// The format the extension of a file path stands for.
    ///
    /// `nil` without an extension or for one that is not known.
    package init?(path: String) {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        self.init(pathExtension: String(name[name.index(after: dot)...]))
    }

    /// The format of a file's content, told by its first twelve bytes.
    ///
    /// `nil` for anything else.
    package init?(sniffing bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
            self = .webp
        } else {
            return nil
        }
    }
}

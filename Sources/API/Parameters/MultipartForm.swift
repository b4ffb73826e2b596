// SPDX-License-Identifier: Apache-2.0

/// A multipart/form-data body (RFC 7578) that is whole in memory, split into its parts.
///
/// Strict and bounded: a body that is cut short, has too many parts or too long part headers is refused.
struct MultipartForm {
    /// One field of the form.
    struct Part: Equatable {
        var name: String
        /// Whether it has a file name, or an image's content type.
        var isFile: Bool
        var content: ArraySlice<UInt8>
    }

    /// Why a body is not a form.
    enum ParsingError: Error, Equatable, CustomStringConvertible {
        case noBoundary
        case unfinished
        case tooManyParts
        case headersTooLong
        case unnamedPart

        var description: String {
            switch self {
            case .noBoundary: "The form does not start with its boundary."
            case .unfinished: "The form ends before its last boundary."
            case .tooManyParts: "The form has more than \(maxParts) parts."
            case .headersTooLong: "A part of the form has more than \(maxHeaderBytes) bytes of headers."
            case .unnamedPart: "A part of the form has no name."
            }
        }
    }

    private static let maxParts = 64
    private static let maxHeaderBytes = 4_096

    private(set) var parts: [Part] = []

    /// Splits `body`.
    init(_ body: [UInt8], boundary: String) throws(ParsingError) {
        // Every delimiter but the first follows a line break, which belongs to it and not to the content.
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard body.starts(with: delimiter.dropFirst(2)) else { throw .noBoundary }
        var rest = body.dropFirst(delimiter.count - 2)
        while !rest.starts(with: "--".utf8) {
            guard parts.count < Self.maxParts else { throw .tooManyParts }
            guard rest.starts(with: "\r\n".utf8) else { throw .unfinished }
            guard let end = rest.firstIndex(of: delimiter) else { throw .unfinished }
            parts.append(try Self.part(rest[rest.startIndex..<end]))
            rest = rest[(end + delimiter.count)...]
        }
    }

    /// Reads a part from the line break after its delimiter to the end of its content.
    private static func part(_ bytes: ArraySlice<UInt8>) throws(ParsingError) -> Part {
        // The search starts at the leading line break, so a part without headers is found too.
        guard let end = bytes.prefix(maxHeaderBytes).firstIndex(of: Array("\r\n\r\n".utf8)) else {
            throw .headersTooLong
        }
        var name: String?
        var isFile = false
        for line in bytes[bytes.startIndex..<end].split(whereSeparator: { $0 == 0x0D || $0 == 0x0A }) {
            let header = String(decoding: line, as: UTF8.self)
            guard let colon = header.firstIndex(of: ":") else { continue }
            let value = header[header.index(after: colon)...]
            switch header[..<colon].lowercased() {
            case "content-disposition":
                name = HeaderParameters.value(of: "name", in: value)
                isFile = isFile || HeaderParameters.value(of: "filename", in: value) != nil
            case "content-type":
                isFile = isFile || value.drop { $0 == " " }.lowercased().hasPrefix("image/")
            default: break
            }
        }
        guard let name else { throw .unnamedPart }
        return Part(name: name, isFile: isFile, content: bytes[(end + 4)...])
    }

    /// The boundary a `Content-Type` header names; `nil` when it names none that RFC 2046 allows.
    static func boundary(of contentType: String) -> String? {
        guard let boundary = HeaderParameters.value(of: "boundary", in: contentType[...]),
            (1...70).contains(boundary.utf8.count)
        else { return nil }
        return boundary
    }
}

extension ArraySlice<UInt8> {
    /// Where `pattern` first starts; `nil` when it does not occur.
    fileprivate func firstIndex(of pattern: [UInt8]) -> Int? {
        guard let first = pattern.first else { return startIndex }
        var rest = self
        while let index = rest.firstIndex(of: first) {
            if self[index...].starts(with: pattern) { return index }
            rest = self[(index + 1)...]
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import Jobs

/// Why a reference picture is refused.
struct ReferenceImageError: Error {
    /// What is wrong, written to follow the field's name.
    let fault: String

    init(_ fault: String) {
        self.fault = fault
    }
}

extension ReferenceImage {
    /// Reads the `image` field: a form's file, a data: URL, or base64.
    ///
    /// What is at web addresses is fetched before (``ReferenceImageReader``).
    init(_ value: FieldValue, limits: DecodingLimits) throws {
        let bytes: [UInt8] =
            switch value {
            case .file(let bytes): bytes
            case .text(let text): try Self.bytes(of: text)
            default: throw ValidationError(.image, "must be an https address, base64 text or a data: URL", given: value)
            }
        do {
            try self.init(validating: bytes, limits: limits)
        } catch {
            throw ReferenceImageError("cannot be used: \(error)")
        }
    }

    private static func bytes(of text: String) throws(ReferenceImageError) -> [UInt8] {
        let base64 = text.prefix(5).lowercased() == "data:" ? try payload(ofDataURL: text) : text[...]
        // Encoders wrap lines; nothing else may be between the digits.
        let digits = Data(base64.utf8.filter { !" \t\r\n".utf8.contains($0) })
        guard let data = Data(base64Encoded: digits), !data.isEmpty else {
            throw ReferenceImageError("is not valid base64")
        }
        return Array(data)
    }

    private static func payload(ofDataURL text: String) throws(ReferenceImageError) -> Substring {
        guard let comma = text.firstIndex(of: ","), text[..<comma].lowercased().hasSuffix(";base64") else {
            throw ReferenceImageError("is a data: URL without ;base64, which is needed")
        }
        return text[text.index(after: comma)...]
    }
}

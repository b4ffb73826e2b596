// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The fields of a request's body, in the order they were sent as far as the format keeps one.
struct BodyFields {
    var fields: [(name: String, value: FieldValue)]

    /// Takes the body out of `request`, whose connection can be watched afterwards.
    ///
    /// - Parameters:
    ///   - maxBytes: How long it may be.
    ///   - nesting: How deep values in the values of JSON are read.
    /// - Throws: ``APIError`` with `body_too_large` beyond `maxBytes`, read no further.
    init(collecting request: inout Request, upTo maxBytes: Int, nesting: Int = 0) async throws {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > maxBytes {
            throw Self.tooLarge(maxBytes)
        }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: maxBytes)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw Self.tooLarge(maxBytes)
        }
        // The request lives as long as it waits for its turn, and a body can be large.
        request.body = RequestBody(buffer: ByteBuffer())
        try self.init(Array(buffer.readableBytesView), contentType: request.headers[.contentType], nesting: nesting)
    }

    private static func tooLarge(_ maxBytes: Int) -> APIError {
        var error = APIError(.bodyTooLarge, "The request's body must have at most \(maxBytes) bytes.")
        error.limit = "\(maxBytes) bytes"
        return error
    }

    /// Reads a body by its content type: JSON, or a form with the same names.
    ///
    /// A body without a content type is taken for JSON, which is what callers mean who forget it.
    init(_ bytes: [UInt8], contentType: String?, nesting: Int = 0) throws(APIError) {
        guard let contentType else {
            self = try Self.json(bytes, nesting: nesting)
            return
        }
        let mediaType = contentType.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        switch mediaType {
        case "application/json",
            _ where mediaType.hasPrefix("application/") && mediaType.hasSuffix("+json"):
            self = try Self.json(bytes, nesting: nesting)
        case "multipart/form-data":
            self = try Self.form(bytes, contentType: contentType)
        default:
            throw APIError(
                .unsupportedContentType,
                "The body must be application/json or multipart/form-data. Given: \(contentType.prefix(100))"
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The fields of a request's body, in the order they were sent as far as the format keeps one.
struct BodyFields {
    var fields: [(name: String, value: FieldValue)]

    /// Reads a body by its content type: JSON, or a form with the same names.
    ///
    /// A body without a content type is taken for JSON, which is what callers mean who forget it.
    ///
    /// - Parameter nesting: How deep values in the values of JSON are read.
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

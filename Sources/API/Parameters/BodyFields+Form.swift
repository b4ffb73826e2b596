// SPDX-License-Identifier: Apache-2.0

extension BodyFields {
    /// Reads a multipart/form-data body: files are files, everything else is text.
    static func form(_ bytes: [UInt8], contentType: String) throws(APIError) -> BodyFields {
        guard let boundary = MultipartForm.boundary(of: contentType) else {
            throw APIError(.unsupportedContentType, "multipart/form-data needs a boundary of 1 to 70 characters.")
        }
        let form: MultipartForm
        do {
            form = try MultipartForm(bytes, boundary: boundary)
        } catch {
            throw APIError(.invalidParameter, error.description)
        }
        var fields: [(name: String, value: FieldValue)] = []
        for part in form.parts {
            if part.isFile {
                fields.append((part.name, .file(Array(part.content))))
            } else if let text = String(validating: part.content, as: UTF8.self) {
                fields.append((part.name, .text(text)))
            } else {
                throw APIError(.invalidParameter, "The form's field \"\(part.name.prefix(64))\" is not UTF-8 text.")
            }
        }
        return BodyFields(fields: fields)
    }

    private init(fields: [(name: String, value: FieldValue)]) {
        self.fields = fields
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

extension BodyFields {
    /// Reads a JSON object.
    ///
    /// - Parameter nesting: How deep values in values are read, which costs time that few APIs are worth.
    static func json(_ bytes: [UInt8], nesting: Int = 0) throws(APIError) -> BodyFields {
        guard !bytes.isEmpty else { throw APIError(.invalidJSON, "The body is empty. It must be a JSON object.") }
        // The parser would also take UTF-16, which RFC 8259 section 8.1 rules out and JSONSize cannot read.
        guard !bytes.contains(0) else {
            throw APIError(.invalidJSON, "The body must be UTF-8 text without null bytes.")
        }
        guard !JSONSize(of: bytes).isTooLarge else {
            throw APIError(
                .invalidJSON,
                "The body must have at most \(JSONSize.maxFields) fields, with \(JSONSize.maxNested) values in them."
            )
        }
        do {
            let decoder = JSONDecoder()
            decoder.userInfo[.nesting] = nesting
            return try decoder.decode(BodyFields.self, from: Data(bytes))
        } catch DecodingError.typeMismatch {
            throw APIError(.invalidJSON, "The body must be a JSON object.")
        } catch {
            throw APIError(.invalidJSON, "The body is not valid JSON." + explanation(of: error))
        }
    }

    /// What the parser says about where it stopped, when it says anything.
    private static func explanation(of error: any Error) -> String {
        guard case DecodingError.dataCorrupted(let context) = error, let cause = context.underlyingError as? NSError,
            let text = cause.userInfo[NSDebugDescriptionErrorKey] as? String
        else { return "" }
        return " \(text.prefix(200))"
    }
}

extension BodyFields: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FieldKey.self)
        fields = try container.allKeys.map { key in
            (key.stringValue, try FieldValue(from: container.superDecoder(forKey: key)))
        }
    }
}

extension FieldValue: Decodable {
    /// Reads a value as what it is, and what is in it only as deep as the decoder is told to.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
            return
        }
        do {
            self = .text(try container.decode(String.self))
            return
        } catch DecodingError.typeMismatch {
            // Not text. Damaged text is another error, and the end of the body's reading.
        }
        if let boolean = try? container.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? container.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let values = try? decoder.unkeyedContainer() {
            self = try Self.array(values, decoder)
        } else if let fields = try? decoder.container(keyedBy: FieldKey.self) {
            self = try Self.object(fields, decoder)
        } else {
            self = .other(kind: "a number that is too large or malformed")
        }
    }

    private static func array(_ values: any UnkeyedDecodingContainer, _ decoder: any Decoder) throws -> FieldValue {
        guard isRead(in: decoder) else { return .other(kind: "an array") }
        var values = values
        var array: [FieldValue] = []
        while !values.isAtEnd { array.append(try FieldValue(from: values.superDecoder())) }
        return .array(array)
    }

    private static func object(
        _ fields: KeyedDecodingContainer<FieldKey>,
        _ decoder: any Decoder
    ) throws -> FieldValue {
        guard isRead(in: decoder) else { return .other(kind: "an object") }
        var object: [String: FieldValue] = [:]
        for key in fields.allKeys { object[key.stringValue] = try FieldValue(from: fields.superDecoder(forKey: key)) }
        return .object(object)
    }

    private static func isRead(in decoder: any Decoder) -> Bool {
        decoder.codingPath.count <= decoder.userInfo[.nesting] as? Int ?? 0
    }
}

private struct FieldKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension CodingUserInfoKey {
    /// How deep values in values are read.
    fileprivate static let nesting: CodingUserInfoKey = {
        guard let key = CodingUserInfoKey(rawValue: "nesting") else { preconditionFailure("nesting is a key") }
        return key
    }()
}

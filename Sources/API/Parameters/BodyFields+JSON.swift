// SPDX-License-Identifier: Apache-2.0

import Foundation

extension BodyFields {
    /// Reads a JSON object.
    static func json(_ bytes: [UInt8]) throws(APIError) -> BodyFields {
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
            return try JSONDecoder().decode(BodyFields.self, from: Data(bytes))
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
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        fields = try container.allKeys.map { ($0.stringValue, try Self.value(of: $0, in: container)) }
    }

    /// Reads a value as what it is.
    ///
    /// Nested values are not read: no field takes one.
    private static func value(of key: Key, in container: KeyedDecodingContainer<Key>) throws -> FieldValue {
        if try container.decodeNil(forKey: key) { return .null }
        do {
            return .text(try container.decode(String.self, forKey: key))
        } catch DecodingError.typeMismatch {
            // Not text. Damaged text is another error, and the end of the body's reading.
        }
        if let boolean = try? container.decode(Bool.self, forKey: key) { return .boolean(boolean) }
        if let integer = try? container.decode(Int64.self, forKey: key) { return .integer(integer) }
        if let number = try? container.decode(Double.self, forKey: key) { return .number(number) }
        if (try? container.nestedUnkeyedContainer(forKey: key)) != nil { return .other(kind: "an array") }
        if (try? container.nestedContainer(keyedBy: Key.self, forKey: key)) != nil { return .other(kind: "an object") }
        return .other(kind: "a number that is too large or malformed")
    }
}

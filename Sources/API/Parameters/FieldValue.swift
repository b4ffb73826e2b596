// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// One value of a request's body as it was sent, JSON or form.
enum FieldValue: Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    /// A form's file.
    case file([UInt8])
    /// Values in their order, where an API has fields that take them.
    case array([FieldValue])
    /// Fields in a field, where an API has them.
    case object([String: FieldValue])
    /// Something no field takes; `kind` says what: "an array".
    case other(kind: String)
}

extension FieldValue: CustomStringConvertible {
    /// The value as an error message shows it.
    var description: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        // Enough for a message, which is shortened anyway: a body's text can be megabytes.
        case .text(let value): "\"\(value.prefix(200))\""
        case .file(let bytes): "a file of \(bytes.count) bytes"
        case .array: "an array"
        case .object: "an object"
        case .other(let kind): kind
        }
    }
}

/// How fields are read: existing callers send numbers and booleans as text, so text that is one counts as one.
extension FieldValue {
    /// Text and nothing else.
    var asText: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// A whole number, also when written 25.0 or "25".
    var asInteger: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .text(let text): Int64(Self.trimmed(text)) ?? Self.double(text).flatMap(Int64.init(exactly:))
        default: nil
        }
    }

    /// A finite number, also when written as text.
    var asNumber: Double? {
        let value: Double? =
            switch self {
            case .integer(let value): Double(value)
            case .number(let value): value
            case .text(let text): Self.double(text)
            default: nil
            }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    /// True or false, also when written as text in any case or as 1 or 0.
    var asBoolean: Bool? {
        switch self {
        case .boolean(let value): return value
        case .integer(0): return false
        case .integer(1): return true
        case .text(let text):
            switch Self.trimmed(text).lowercased() {
            case "true", "1": return true
            case "false", "0": return false
            default: return nil
            }
        default: return nil
        }
    }

    /// A decimal number.
    ///
    /// `Double.init` alone would also read "nan", "inf" and "0x10".
    private static func double(_ text: String) -> Double? {
        let trimmed = trimmed(text)
        guard trimmed.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
        return Double(trimmed)
    }

    private static func trimmed(_ text: String) -> String {
        text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// How the documented fields are read.
extension FieldValue {
    func text(_ field: ParameterName) throws(ValidationError) -> String {
        guard let asText else { throw ValidationError(field, "must be text", given: self) }
        return asText
    }

    func integer(_ field: ParameterName) throws(ValidationError) -> Int64 {
        guard let asInteger else { throw ValidationError(field, "must be a whole number", given: self) }
        return asInteger
    }

    func number(_ field: ParameterName) throws(ValidationError) -> Double {
        guard let asNumber else { throw ValidationError(field, "must be a number", given: self) }
        return asNumber
    }

    func boolean(_ field: ParameterName) throws(ValidationError) -> Bool {
        guard let asBoolean else { throw ValidationError(field, "must be true or false", given: self) }
        return asBoolean
    }
}

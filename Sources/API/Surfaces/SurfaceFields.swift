// SPDX-License-Identifier: Apache-2.0

/// The fields of a body by the names that another API gives them.
///
/// A reader takes those it knows. What is left at the end is what this server does not have: it is refused or told, as that
/// API does it. A field with the value null counts as not sent.
struct SurfaceFields {
    private var values: [String: FieldValue] = [:]
    /// What the fields are in: `input.` for those of the field `input`.
    private var path = ""

    /// The fields of a body.
    ///
    /// - Throws: ``APIError`` when one is sent twice, as forms can do.
    init(_ body: BodyFields) throws(APIError) {
        for (name, value) in body.fields where value != .null {
            guard values.updateValue(value, forKey: name) == nil else {
                throw APIError(wrong: "\(name.prefix(64))", "must not be sent twice")
            }
        }
    }

    private init(_ fields: [String: FieldValue], path: String) {
        values = fields.filter { $0.value != .null }
        self.path = path
    }

    /// The names of the fields that nobody took, in alphabetical order.
    var untaken: [String] { values.keys.sorted().map { path + $0.prefix(64) } }

    /// The value as it was sent.
    mutating func value(_ name: String) -> FieldValue? { values.removeValue(forKey: name) }

    mutating func text(_ name: String) throws(APIError) -> String? {
        try take(name, "must be text", \.asText)
    }

    mutating func integer(_ name: String) throws(APIError) -> Int? {
        try take(name, "must be a whole number") { $0.asInteger.flatMap { Int(exactly: $0) } }
    }

    mutating func number(_ name: String) throws(APIError) -> Double? {
        try take(name, "must be a number", \.asNumber)
    }

    mutating func boolean(_ name: String) throws(APIError) -> Bool? {
        try take(name, "must be true or false", \.asBoolean)
    }

    mutating func array(_ name: String) throws(APIError) -> [FieldValue]? {
        try take(name, "must be an array") { if case .array(let values) = $0 { values } else { nil } }
    }

    /// The fields in a field; none if it was not sent.
    mutating func object(_ name: String) throws(APIError) -> SurfaceFields {
        let fields: [String: FieldValue]? = try take(name, "must be an object") {
            if case .object(let fields) = $0 { fields } else { nil }
        }
        return SurfaceFields(fields ?? [:], path: "\(path)\(name).")
    }

    /// Takes a field that this server has nothing for, and that is harmless only with certain values.
    ///
    /// - Parameters:
    ///   - limit: What it must be, written to follow its name.
    ///   - isHarmless: Whether a value asks for nothing.
    mutating func refuse(
        _ name: String,
        _ limit: String,
        unless isHarmless: (FieldValue) -> Bool = { _ in false }
    ) throws(APIError) {
        guard let value = value(name), !isHarmless(value) else { return }
        throw APIError(wrong: path + name, limit, given: Self.shown(value))
    }

    /// Takes fields that change nothing here, whatever they are.
    mutating func drop(_ names: [String]) {
        for name in names { values[name] = nil }
    }

    private mutating func take<Value>(
        _ name: String,
        _ limit: String,
        _ read: (FieldValue) -> Value?
    ) throws(APIError) -> Value? {
        guard let value = value(name) else { return nil }
        guard let result = read(value) else { throw APIError(wrong: path + name, limit, given: Self.shown(value)) }
        return result
    }

    /// A value as errors repeat it.
    private static func shown(_ value: FieldValue) -> String {
        let text = value.description
        return text.count > 100 ? "\(text.prefix(100))…" : text
    }
}

extension FieldValue {
    /// Whether the value asks for nothing: false, zero, or empty.
    var isEmpty: Bool {
        switch self {
        case .null, .boolean(false), .integer(0), .text(""): true
        case .number(let value): value == 0
        case .array(let values): values.isEmpty
        case .object(let fields): fields.isEmpty
        case .boolean, .integer, .text, .file, .other: false
        }
    }
}

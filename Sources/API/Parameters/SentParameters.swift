// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The fields of a body sorted by what they stand for.
///
/// A field with the value null counts as not sent.
struct SentParameters {
    private var values: [ParameterName: [FieldValue]] = [:]
    /// One sentence for each field that is not known.
    private(set) var warnings: [String] = []

    private static let maxWarnings = 20

    init(_ body: BodyFields) {
        var unknown = 0
        for (name, value) in body.fields {
            let parameters = ParameterName.named(name)
            if parameters.isEmpty {
                unknown += 1
                guard unknown <= Self.maxWarnings else { continue }
                warnings.append("The field \"\(name.prefix(64))\" is not known and was ignored.")
            }
            guard value != .null else { continue }
            for parameter in parameters {
                values[parameter, default: []].append(value)
            }
        }
        warnings.sort()
        if unknown > Self.maxWarnings {
            warnings.append("\(unknown - Self.maxWarnings) more fields are not known and were ignored.")
        }
    }

    func text(_ field: ParameterName) throws(ValidationError) -> String? {
        try one(field) { value throws(ValidationError) in try value.text(field) }
    }

    func integer<Value: FixedWidthInteger>(_ field: ParameterName) throws(ValidationError) -> Value? {
        try one(field) { value throws(ValidationError) in
            guard let integer = Value(exactly: try value.integer(field)) else {
                throw ValidationError(field, "must be a whole number", given: value)
            }
            return integer
        }
    }

    func number(_ field: ParameterName) throws(ValidationError) -> Double? {
        try one(field) { value throws(ValidationError) in try value.number(field) }
    }

    func boolean(_ field: ParameterName) throws(ValidationError) -> Bool? {
        try one(field) { value throws(ValidationError) in try value.boolean(field) }
    }

    /// The value as it was sent.
    func value(_ field: ParameterName) throws(ValidationError) -> FieldValue? {
        try one(field) { value throws(ValidationError) in value }
    }

    /// Refuses a field that would otherwise be accepted and do nothing.
    func refuse(_ field: ParameterName, _ reason: String) throws(ValidationError) {
        guard values[field] == nil else { throw ValidationError(field, reason) }
    }

    /// The one value of a field, which may be sent under several names as long as they agree.
    private func one<Value: Equatable>(
        _ field: ParameterName,
        _ read: (FieldValue) throws(ValidationError) -> Value
    ) throws(ValidationError) -> Value? {
        var result: Value?
        for value in values[field] ?? [] {
            let next = try read(value)
            guard result == nil || result == next else {
                throw ValidationError(field, "must not be sent twice with different values", given: value)
            }
            result = next
        }
        return result
    }
}

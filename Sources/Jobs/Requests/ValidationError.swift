// SPDX-License-Identifier: Apache-2.0

/// A value that a request may not have: which field, what it must be, and what was given.
package struct ValidationError: Error, Equatable, Sendable {
    /// The field with the wrong value.
    package var field: ParameterName
    /// What the field asks for, written to follow its name: "must be between 1 and 150".
    package var limit: String
    /// The value that was sent, shortened, or `nil` where repeating it would help nobody (a missing field, a long prompt).
    package var given: String?

    /// The most characters of a value that are repeated to its sender.
    private static let givenLength = 100

    /// Refuses `given` as the value of `field`.
    package init(_ field: ParameterName, _ limit: String, given: (some CustomStringConvertible)?) {
        self.field = field
        self.limit = limit
        self.given = given.map { value in
            let text = value.description
            return text.count > Self.givenLength ? "\(text.prefix(Self.givenLength))…" : text
        }
    }

    /// Refuses `field` without a value to show.
    package init(_ field: ParameterName, _ limit: String) {
        self.init(field, limit, given: String?.none)
    }
}

extension ValidationError: CustomStringConvertible {
    /// A sentence for the person who sent the request.
    package var description: String {
        "\(field.rawValue) \(limit)." + (given.map { " Given: \($0)" } ?? "")
    }
}

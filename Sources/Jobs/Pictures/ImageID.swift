// SPDX-License-Identifier: Apache-2.0

/// The name of a stored picture.
///
/// Whoever knows it may fetch the picture, so it is 128 random bits that nobody guesses.
package struct ImageID: Hashable, Sendable {
    private let value: UInt128

    /// The digits of every name.
    private static let length = 32

    /// A new name, from the system's random numbers.
    package init() {
        value = .random(in: .min ... .max)
    }
}

extension ImageID: LosslessStringConvertible {
    /// 32 lower-case hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: Self.length - digits.count) + digits
    }

    /// Reads what ``description`` writes, and nothing else.
    package init?(_ description: String) {
        guard description.utf8.count == Self.length, let value = UInt128(description, radix: 16) else { return nil }
        self.value = value
        // One picture has one address: no upper-case digits, no sign.
        guard self.description == description else { return nil }
    }
}

extension ImageID: Codable {
    /// Reads the text of ``description``.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ImageID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not the name of a picture")
        }
        self = id
    }

    /// Writes the text of ``description``.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What a model is called on a hub, and in the models directory: `organization/model`.
package struct ModelName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let organization: String
    package let model: String

    /// Nil if the text is not a name that a hub gives out, and so perhaps a path.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isPart) else { return nil }
        organization = String(parts[0])
        model = String(parts[1])
    }

    package var description: String { "\(organization)/\(model)" }

    package static func < (one: ModelName, other: ModelName) -> Bool { one.description < other.description }

    /// Names become folders and parts of addresses: what means something there is no part of a name.
    private static func isPart(_ part: Substring) -> Bool {
        (1...96).contains(part.utf8.count) && part.utf8.allSatisfy(\.isPlainNameByte) && !part.contains("..")
            && !part.hasPrefix(".") && !part.hasPrefix("-")
    }
}

extension UInt8 {
    /// Whether this is a letter, a digit, or one of `-_.`.
    var isPlainNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

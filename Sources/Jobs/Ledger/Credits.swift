// SPDX-License-Identifier: Apache-2.0

/// An amount of money, in millionths of a credit: sums are exact.
package struct Credits: Hashable, Comparable, Sendable {
    package var microcredits: Int64

    package static let zero = Credits(microcredits: 0)

    /// The largest amount that is read from text: nothing that is added up overflows.
    package static let largestWhole: Int64 = 1_000_000_000

    package init(microcredits: Int64) {
        self.microcredits = microcredits
    }

    package static func < (left: Credits, right: Credits) -> Bool { left.microcredits < right.microcredits }

    package static func + (left: Credits, right: Credits) -> Credits {
        Credits(microcredits: left.microcredits + right.microcredits)
    }

    package static func - (left: Credits, right: Credits) -> Credits {
        Credits(microcredits: left.microcredits - right.microcredits)
    }

    package static prefix func - (value: Credits) -> Credits {
        Credits(microcredits: -value.microcredits)
    }

    /// For answers in JSON; what is exact is ``microcredits``.
    package var value: Double { Double(microcredits) / 1_000_000 }
}

extension Credits: LosslessStringConvertible {
    /// A decimal number without zeros at its end, such as `0.003`.
    package var description: String {
        let digits = String(microcredits.magnitude)
        let padded = String(repeating: "0", count: max(7 - digits.count, 0)) + digits
        var fraction = padded.suffix(6)
        while fraction.last == "0" { fraction.removeLast() }
        return (microcredits < 0 ? "-" : "") + padded.dropLast(6) + (fraction.isEmpty ? "" : ".\(fraction)")
    }

    /// Reads a decimal number with up to six digits after the point; `nil` for anything else, and beyond a billion.
    package init?(_ description: String) {
        let isNegative = description.hasPrefix("-")
        let parts = description.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        let digits = "0"..."9" as ClosedRange<Character>
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(digits.contains) }),
            let whole = Int64(parts[0]), whole <= Self.largestWhole
        else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : "0"
        guard fraction.count <= 6, let millionths = Int64(fraction + String(repeating: "0", count: 6 - fraction.count))
        else { return nil }
        let magnitude = whole * 1_000_000 + millionths
        microcredits = isNegative ? -magnitude : magnitude
    }
}

extension Credits: Codable {
    /// Reads the bare number of millionths.
    package init(from decoder: any Decoder) throws {
        microcredits = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the bare number of millionths.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microcredits)
    }
}

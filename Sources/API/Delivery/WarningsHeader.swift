// SPDX-License-Identifier: Apache-2.0

/// Warnings as the value of a header: a JSON array of strings in ASCII, for answers whose body is the picture.
struct WarningsHeader {
    /// The longest value in bytes; clients and proxies refuse long headers.
    static let maxBytes = 4_096

    /// The value.
    let value: String

    /// Writes the first `warnings`, as many as fit; a last entry says how many do not.
    ///
    /// `nil` without warnings.
    init?(_ warnings: [String]) {
        guard !warnings.isEmpty else { return nil }
        var entries = warnings.map(Self.escaped)
        var left = 0
        while Self.array(entries, left: left).utf8.count > Self.maxBytes, !entries.isEmpty {
            entries.removeLast()
            left += 1
        }
        value = Self.array(entries, left: left)
    }

    private static func array(_ entries: [String], left: Int) -> String {
        let rest = left == 0 ? [] : ["\"\(left) more did not fit into this header.\""]
        return "[\((entries + rest).joined(separator: ","))]"
    }

    /// A JSON string in which everything but printable ASCII is escaped.
    private static func escaped(_ text: String) -> String {
        let characters = text.utf16.map { unit in
            switch unit {
            case 0x22, 0x5C: "\\\(Character(UnicodeScalar(UInt8(unit))))"
            case 0x20..<0x7F: String(UnicodeScalar(UInt8(unit)))
            default: "\\u" + String(0x10000 | UInt32(unit), radix: 16).dropFirst()
            }
        }
        return "\"\(characters.joined())\""
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The `; name=value` list behind a header's first word.
enum HeaderParameters {
    /// The value of `name`, quoted or not; `nil` when there is none.
    ///
    /// A quoted value may hold semicolons and escapes.
    static func value(of name: String, in header: Substring) -> String? {
        var rest = header
        // The first word is no parameter.
        guard let semicolon = rest.firstIndex(of: ";") else { return nil }
        rest = rest[rest.index(after: semicolon)...]
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].drop { $0 == " " || $0 == ";" }
            let (value, remainder) = takeValue(from: rest[rest.index(after: equals)...])
            if key.lowercased() == name { return value }
            rest = remainder
        }
        return nil
    }

    private static func takeValue(from text: Substring) -> (value: String, remainder: Substring) {
        guard text.first == "\"" else {
            let end = text.firstIndex(of: ";") ?? text.endIndex
            return (text[..<end].trimmingSuffix { $0 == " " }, text[end...])
        }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst(), character != "\"" {
            // Browsers percent-encode quotes in names; older clients put a backslash before them.
            value.append(character == "\\" ? rest.popFirst() ?? character : character)
        }
        return (value, rest)
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, predicate(last) { text.removeLast() }
        return String(text)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What tracing systems keep in a trace: the header field `tracestate` of W3C Trace Context.
///
/// It is handed on as it came, without the parts that are too much.
package struct TraceState: Hashable, Sendable {
    /// The value of the header field.
    package let text: String

    /// As many entries as the standard allows.
    private static let maxEntries = 32
    /// As much as the standard asks everyone to hand on.
    private static let maxLength = 512
    /// Longer entries are the first to go.
    private static let longEntry = 128

    /// The state in header fields, in their order; `nil` when there is none, or one entry is not as the standard has it.
    init?(_ fields: [String]) {
        var entries = fields.flatMap { $0.split(separator: ",") }
            .map { $0.trimming { $0 == " " || $0 == "\t" } }
            .filter { !$0.isEmpty }
        let keys = Set(entries.map { $0.prefix { $0 != "=" } })
        guard !entries.isEmpty, entries.count <= Self.maxEntries, keys.count == entries.count,
            entries.allSatisfy(Self.isEntry)
        else { return nil }
        if Self.length(of: entries) > Self.maxLength { entries.removeAll { $0.utf8.count > Self.longEntry } }
        while Self.length(of: entries) > Self.maxLength { entries.removeLast() }
        guard !entries.isEmpty else { return nil }
        text = entries.joined(separator: ",")
    }

    private static func length(of entries: [Substring]) -> Int {
        entries.reduce(entries.count - 1) { $0 + $1.utf8.count }
    }

    /// Whether `entry` is `key=value` or `tenant@system=value`, in the characters that the standard allows.
    private static func isEntry(_ entry: Substring) -> Bool {
        guard let equals = entry.firstIndex(of: "=") else { return false }
        let value = entry[entry.index(after: equals)...].utf8
        let names = entry[..<equals].split(separator: "@", omittingEmptySubsequences: false)
        let lengths = names.count == 1 ? [256] : [241, 14]
        return names.count <= 2 && zip(names, lengths).allSatisfy { isName($0, maxLength: $1) }
            && (1...256).contains(value.count)
            && value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
    }

    private static func isName(_ name: Substring, maxLength: Int) -> Bool {
        (1...maxLength).contains(name.utf8.count)
            && name.utf8.enumerated().allSatisfy { index, character in
                switch character {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"): index > 0
                default: false
                }
            }
    }
}

extension Substring {
    /// Without the characters at both ends that `isTrimmed`.
    fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> Substring {
        let start = drop(while: isTrimmed)
        return start.lastIndex { !isTrimmed($0) }.map { start[...$0] } ?? ""
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The caller's place in a distributed trace, as W3C Trace Context has it.
///
/// Darkroom records no spans. It carries what a caller sent with the job, names the trace in its log lines, and hands both
/// on, so that whoever hears of the job's end goes on in the caller's trace.
package struct TraceContext: Hashable, Sendable {
    /// The trace: 32 hexadecimal digits.
    package let traceID: String
    /// The caller's span: 16 hexadecimal digits.
    package let parentID: String
    /// Whether the caller records its spans.
    package let isSampled: Bool
    /// What tracing systems keep in the trace, if it can be read.
    package let state: TraceState?

    /// The context of a request with these header fields; `nil` for a `traceparent` that is not as the standard has it.
    ///
    /// - Parameters:
    ///   - traceparent: The value of the one field of this name.
    ///   - tracestate: The values of the fields of this name, in their order.
    package init?(traceparent: String, tracestate: [String] = []) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, let version = UInt8(hexadecimal: parts[0]), version != .max,
            // Later versions may say more after what all versions say.
            parts.count == 4 || version > 0,
            Self.isIdentifier(parts[1], length: 32), Self.isIdentifier(parts[2], length: 16),
            let flags = UInt8(hexadecimal: parts[3])
        else { return nil }
        traceID = parts[1]
        parentID = parts[2]
        isSampled = flags & 1 != 0
        state = TraceState(tracestate)
    }

    /// The value of the header field `traceparent`, in the version of the standard that is spoken here.
    package var traceparent: String { "00-\(traceID)-\(parentID)-\(isSampled ? "01" : "00")" }

    private static func isIdentifier(_ text: String, length: Int) -> Bool {
        text.utf8.count == length && text.utf8.allSatisfy(\.isLowercaseHexadecimal)
            && text.utf8.contains { $0 != UInt8(ascii: "0") }
    }
}

extension UInt8 {
    /// The number that two digits say.
    fileprivate init?(hexadecimal text: String) {
        guard text.utf8.count == 2, text.utf8.allSatisfy(\.isLowercaseHexadecimal) else { return nil }
        self.init(text, radix: 16)
    }

    fileprivate var isLowercaseHexadecimal: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

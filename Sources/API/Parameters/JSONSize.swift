// SPDX-License-Identifier: Apache-2.0

/// How many values a JSON body holds, counted before it is parsed: a parser spends much more memory on them than their
/// text takes.
struct JSONSize: Equatable {
    /// Fields of the outermost object.
    private(set) var fields = 0
    /// Separators between these, or between the values of what is no object and refused for it.
    private(set) var separators = 0
    /// Separators in the values of fields, which is about how many values those hold.
    private(set) var nested = 0

    static let maxFields = 256
    static let maxNested = 65_536

    /// Counts until a limit is passed.
    ///
    /// Text that is not JSON gives some number or other: the parser refuses it afterwards.
    init(of text: [UInt8]) {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                switch byte {
                case _ where isEscaped: isEscaped = false
                case UInt8(ascii: "\\"): isEscaped = true
                case UInt8(ascii: "\""): isInString = false
                default: break
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: fields += 1
            case UInt8(ascii: ","): if depth > 1 { nested += 1 } else { separators += 1 }
            default: break
            }
            if isTooLarge { return }
        }
    }

    /// Whether a limit is passed.
    var isTooLarge: Bool { max(fields, separators) > Self.maxFields || nested > Self.maxNested }
}

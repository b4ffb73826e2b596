// SPDX-License-Identifier: Apache-2.0

/// Splits text in lower case into what CLIP encodes on its own: runs of letters, single digits, runs of anything else
/// that is not space, and a few English contractions.
///
/// By hand what CLIP's pattern says:
/// `<literals>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`.
struct WordSplitter {
    private enum Kind {
        case letter, number, space, other

        init(_ scalar: Unicode.Scalar) {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            default: self = scalar.properties.isWhitespace ? .space : .other
            }
        }
    }

    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

    private let text: [Unicode.Scalar]
    private let kinds: [Kind]
    private let literals: [[Unicode.Scalar]]
    private var position = 0

    /// A splitter of `text` that finds each of `literals` whole.
    init(_ text: [Unicode.Scalar], literals: [String]) {
        self.text = text
        kinds = text.map(Kind.init)
        self.literals = literals.map { Array($0.unicodeScalars) } + Self.contractions
    }

    /// The next word's place in the text, or nil at the end.
    mutating func next() -> Range<Int>? {
        while position < text.count, kinds[position] == .space { position += 1 }
        guard position < text.count else { return nil }
        let start = position
        if let literal = literals.first(where: { text[start...].starts(with: $0) }) {
            position += literal.count
        } else if kinds[start] == .number {
            position += 1
        } else {
            while position < text.count, kinds[position] == kinds[start] { position += 1 }
        }
        return start..<position
    }
}

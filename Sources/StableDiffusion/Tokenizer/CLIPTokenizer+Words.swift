// SPDX-License-Identifier: Apache-2.0

import Foundation

extension CLIPTokenizer {
    /// What is encoded on its own: merges never join two words.
    struct Word {
        var text: String
        /// The token that the word is, if it is a special one.
        var identifier: Int32?
        /// Whether space separates it from the word before.
        var followsSpace: Bool
    }

    /// The words of a prompt after clean-up, special tokens apart.
    func words(of prompt: String) -> [Word] {
        var words: [Word] = []
        var followsSpace = false
        for piece in pieces(of: prompt) {
            switch piece {
            case .special(let token):
                words.append(Word(text: token.content, identifier: token.identifier, followsSpace: followsSpace))
                followsSpace = false
            case .text(let text):
                var splitter = WordSplitter(text, literals: literals)
                var end = 0
                while let range = splitter.next() {
                    followsSpace = followsSpace || range.lowerBound > end
                    words += self.words(String(text[range]), followsSpace: followsSpace)
                    followsSpace = false
                    end = range.upperBound
                }
                followsSpace = followsSpace || end < text.count
            }
        }
        return words
    }

    /// Texts that the convention's pattern names besides letters, numbers and the rest.
    private var literals: [String] {
        switch convention {
        case .huggingFace: ["<|startoftext|>", "<|endoftext|>"]
        case .openCLIP: ["<start_of_text>", "<end_of_text>"]
        }
    }

    /// The words that a match of the pattern is.
    private func words(_ match: String, followsSpace: Bool) -> [Word] {
        guard let literal = literals.firstIndex(of: match) else {
            return [Word(text: match, followsSpace: followsSpace)]
        }
        switch convention {
        case .openCLIP:
            return [Word(text: match, identifier: literal == 0 ? begin : end, followsSpace: followsSpace)]
        case .huggingFace:
            // Not a special token here, or it would have been taken out before: `<|STARTOFTEXT|>` for one. The
            // `tokenizers` library splits what the pattern finds a second time, with GPT-2's pattern.
            return [
                Word(text: "<|", followsSpace: followsSpace),
                Word(text: String(match.dropFirst(2).dropLast(2)), followsSpace: false),
                Word(text: "|>", followsSpace: false),
            ]
        }
    }

    private enum Piece {
        case special(SpecialText)
        case text([Unicode.Scalar])
    }

    /// The prompt in clean pieces between its special tokens.
    private func pieces(of prompt: String) -> [Piece] {
        Self.split(Array(prompt.unicodeScalars), at: specialTokens.raw).flatMap { piece -> [Piece] in
            switch piece {
            case .special: [piece]
            case .text(let text): Self.split(Self.cleaned(text), at: specialTokens.normalized)
            }
        }
    }

    /// The text in Unicode's composed form (NFC) and then in lower case, character by character.
    ///
    /// CLIP also makes every run of space one space; words are the same without that.
    private static func cleaned(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        String(text).precomposedStringWithCanonicalMapping.unicodeScalars.flatMap(
            \.properties.lowercaseMapping.unicodeScalars
        )
    }

    /// Takes tokens out of a text: the first that occurs, and of those that begin at one place the longest.
    private static func split(_ text: [Unicode.Scalar], at tokens: [SpecialText]) -> [Piece] {
        let tokens = tokens.map { (token: $0, scalars: Array($0.content.unicodeScalars)) }
            .sorted { $0.scalars.count > $1.scalars.count }
        var pieces: [Piece] = []
        var start = 0
        var position = 0
        while position < text.count {
            guard let found = tokens.first(where: { text[position...].starts(with: $0.scalars) }) else {
                position += 1
                continue
            }
            if start < position { pieces.append(.text(Array(text[start..<position]))) }
            pieces.append(.special(found.token))
            position += found.scalars.count
            start = position
        }
        if start < text.count { pieces.append(.text(Array(text[start...]))) }
        return pieces
    }
}

extension String {
    fileprivate init(_ scalars: some Sequence<Unicode.Scalar>) {
        self.init(String.UnicodeScalarView(scalars))
    }
}

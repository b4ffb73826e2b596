// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Text to the token identifiers that a CLIP text encoder reads.
///
/// With the convention `huggingFace` the identifiers are those of `CLIPTokenizer` of transformers 5 (the `tokenizers`
/// library), for every string. transformers 4 had a second implementation in Python that first repaired text with
/// `ftfy` where that was installed (mojibake, curly quotes to straight ones, full-width letters to plain ones) and else
/// split CJK text into single characters: on such text its identifiers differ.
package struct CLIPTokenizer: Sendable {
    /// How the special tokens are read when a prompt contains their text.
    package enum Convention: Sendable {
        /// As diffusers reads them. Stable Diffusion 2 pads with the token `!`, and so every `!` in a prompt becomes
        /// padding too.
        case huggingFace
        /// As the OpenCLIP tokenizer that the model was trained with: `!` is an ordinary word. The special tokens are
        /// spelled `<start_of_text>` and `<end_of_text>`.
        ///
        /// OpenCLIP also repairs text with `ftfy`, decodes HTML entities, and knows the Greek sigma of word ends; this
        /// does none of the three.
        case openCLIP
    }

    /// A tokenized prompt.
    package struct Encoding: Equatable, Sendable {
        /// As many identifiers as the text encoder reads: beginning, the prompt, end, padding.
        package var ids: [Int]
        /// The part of the prompt that did not fit, from the first word that is not there whole; nil if all did.
        ///
        /// The text is as the tokenizer cleaned it up, in lower case.
        package var cut: String?
    }

    /// Identifiers in an encoding: 77 for CLIP.
    package let contextLength: Int
    /// The largest identifier an encoding can have.
    package var largestIdentifier: Int { vocabulary.largestIdentifier }

    private let vocabulary: BytePairVocabulary
    let convention: Convention
    let begin: Int32
    let end: Int32
    private let unknown: Int32
    private let padding: Int32
    /// Looked for before and after clean-up.
    let specialTokens: (raw: [SpecialText], normalized: [SpecialText])

    /// The text of a special token.
    struct SpecialText {
        var content: String
        var identifier: Int32
    }

    /// Reads a tokenizer's directory: `vocab.json`, `merges.txt` and, if they are there, `special_tokens_map.json` and
    /// `tokenizer_config.json`.
    package init(directory: URL, convention: Convention = .huggingFace) throws(TokenizerError) {
        let vocabularyFile = directory.appending(path: "vocab.json").path
        let vocabulary = try BytePairVocabulary(
            vocabularyFile: vocabularyFile,
            mergesFile: directory.appending(path: "merges.txt").path
        )
        let special = try SpecialTokens(directory: directory)
        func identifier(_ token: SpecialToken) throws(TokenizerError) -> Int32 {
            guard let identifier = vocabulary.identifier(token.content) else {
                throw TokenizerError(file: vocabularyFile, problem: "lacks the special token \(token.content)")
            }
            return identifier
        }
        self.vocabulary = vocabulary
        self.convention = convention
        contextLength = special.contextLength
        begin = try identifier(special.begin)
        end = try identifier(special.end)
        unknown = try identifier(special.unknown)
        padding = try identifier(special.padding)

        var texts: (raw: [SpecialText], normalized: [SpecialText]) = ([], [])
        if convention == .huggingFace {
            var contents: Set<String> = []
            for token in [special.begin, special.end, special.unknown, special.padding]
            where contents.insert(token.content).inserted {
                let text = SpecialText(content: token.content, identifier: try identifier(token))
                if token.isNormalized { texts.normalized.append(text) } else { texts.raw.append(text) }
            }
        }
        specialTokens = texts
    }

    /// Tokenizes a prompt of any length.
    package func encode(_ prompt: String) -> Encoding {
        let limit = contextLength - 2
        var tokens: [Int32] = []
        var cut: String?
        for word in words(of: prompt) {
            guard cut == nil else {
                cut?.append((word.followsSpace ? " " : "") + word.text)
                continue
            }
            let encoded = word.identifier.map { [$0] } ?? vocabulary.encode(word: word.text.utf8, unknown: unknown)
            if tokens.count + encoded.count > limit { cut = word.text }
            tokens += encoded.prefix(limit - tokens.count)
        }
        let padded = Array(repeating: padding, count: limit - tokens.count)
        return Encoding(ids: ([begin] + tokens + [end] + padded).map(Int.init), cut: cut)
    }
}

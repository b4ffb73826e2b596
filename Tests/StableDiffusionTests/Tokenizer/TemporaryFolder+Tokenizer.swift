// SPDX-License-Identifier: Apache-2.0

import Foundation

extension TemporaryFolder {
    /// A tokenizer of all bytes and a few merges, for prompts of 8 tokens.
    ///
    /// Identifiers 0..<256 are bytes, then come the same at a word's end, what the merges make, beginning and end.
    static func withSmallTokenizer(words merges: [String]) throws -> TemporaryFolder {
        let printing = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF].flatMap { $0.compactMap(Unicode.Scalar.init) }
        let others = (0..<256 - printing.count).compactMap { Unicode.Scalar(0x100 + $0) }
        let letters = (printing + others).map { String(Character($0)) }
        let tokens =
            letters + letters.map { $0 + "</w>" } + merges.map { $0.replacing(" ", with: "") }
            + ["<|startoftext|>", "<|endoftext|>"]
        let vocabulary = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
        let folder = try TemporaryFolder()
        try JSONEncoder().encode(vocabulary).write(to: folder.url.appending(path: "vocab.json"))
        try folder.write("merges.txt", "#version: 0.2\n" + merges.map { $0 + "\n" }.joined())
        try folder.write("tokenizer_config.json", #"{"model_max_length": 8}"#)
        return folder
    }
}

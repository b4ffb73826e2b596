// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// The tokens of a byte-level byte-pair encoding and the merges that make them: `vocab.json` and `merges.txt`.
struct BytePairVocabulary: Sendable {
    /// Ends the last token of a word, in the files.
    static let wordEnd = "</w>"

    /// What two tokens that follow each other become.
    struct Merge {
        /// The place in the file: of all pairs in a word the one with the lowest is merged first.
        var rank: UInt32
        var result: Int32
    }

    /// Token to identifier.
    let identifiers: [String: Int32]
    /// The largest identifier.
    let largestIdentifier: Int
    /// The token of each byte inside a word, nil if the vocabulary lacks it.
    let inner: [Int32?]
    /// The token of each byte at the end of a word.
    let final: [Int32?]
    private let merges: [UInt64: Merge]

    init(vocabularyFile: String, mergesFile: String) throws(TokenizerError) {
        let identifiers = try Self.readVocabulary(vocabularyFile)
        self.identifiers = identifiers
        largestIdentifier = identifiers.values.max().map(Int.init) ?? 0
        inner = ByteAlphabet.characters.map { identifiers[String(Character($0))] }
        final = ByteAlphabet.characters.map { identifiers[String(Character($0)) + Self.wordEnd] }
        merges = try Self.readMerges(mergesFile, identifiers: identifiers)
    }

    /// What the tokens `left` and `right` merge to, if they do.
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        merges[Self.key(left, right)]
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private static func readVocabulary(_ path: String) throws(TokenizerError) -> [String: Int32] {
        let identifiers: [String: Int32]
        do {
            identifiers = try JSONDecoder().decode([String: Int32].self, from: JSONFile.contents(path))
        } catch {
            throw TokenizerError(file: path, problem: JSONFile.explain(error))
        }
        var seen: Set<Int32> = []
        for (token, identifier) in identifiers {
            guard identifier >= 0 else {
                throw TokenizerError(file: path, problem: "token \(token) has the negative id \(identifier)")
            }
            guard seen.insert(identifier).inserted else {
                throw TokenizerError(file: path, problem: "two tokens have the id \(identifier), one of them \(token)")
            }
        }
        return identifiers
    }

    private static func readMerges(
        _ path: String,
        identifiers: [String: Int32]
    ) throws(TokenizerError) -> [UInt64: Merge] {
        let text: Data
        do {
            text = try JSONFile.contents(path)
        } catch {
            throw TokenizerError(file: path, problem: error.problem)
        }
        var merges: [UInt64: Merge] = [:]
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (index, bytes) in lines.enumerated() {
            func error(_ problem: String) -> TokenizerError {
                TokenizerError(file: path, line: index + 1, problem: problem)
            }
            guard let line = String(validating: bytes, as: UTF8.self) else { throw error("not UTF-8") }
            if index == 0, line.hasPrefix("#version") { continue }
            let pair = line.split(whereSeparator: { $0 == " " || $0 == "\r" }).map(String.init)
            guard pair.count == 2 else { throw error("expected two tokens with a space between") }
            func identifier(_ token: String) throws(TokenizerError) -> Int32 {
                guard let identifier = identifiers[token] else {
                    throw error("token \(token) is not in the vocabulary")
                }
                return identifier
            }
            let key = try key(identifier(pair[0]), identifier(pair[1]))
            let merge = Merge(rank: UInt32(index), result: try identifier(pair[0] + pair[1]))
            guard merges.updateValue(merge, forKey: key) == nil else { throw error("this pair occurred before") }
        }
        return merges
    }
}

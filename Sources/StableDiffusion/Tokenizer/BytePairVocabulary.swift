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
    private let identifiers: TokenTable
    /// The largest identifier.
    let largestIdentifier: Int
    /// The token of each byte inside a word, nil if the vocabulary lacks it.
    let inner: [Int32?]
    /// The token of each byte at the end of a word.
    let final: [Int32?]
    private let merges: [UInt64: Merge]

    init(vocabularyFile: String, mergesFile: String) throws(TokenizerError) {
        let (identifiers, largest) = try Self.readVocabulary(vocabularyFile)
        self.identifiers = identifiers
        largestIdentifier = largest
        inner = ByteAlphabet.characters.map { identifiers.identifier(String(Character($0))) }
        final = ByteAlphabet.characters.map { identifiers.identifier(String(Character($0)) + Self.wordEnd) }
        merges = try Self.readMerges(mergesFile, identifiers: identifiers)
    }

    /// The identifier of a token by its text.
    func identifier(_ token: String) -> Int32? {
        identifiers.identifier(token)
    }

    /// What the tokens `left` and `right` merge to, if they do.
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        merges[Self.key(left, right)]
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private static func readVocabulary(_ path: String) throws(TokenizerError) -> (TokenTable, largest: Int) {
        let bytes = try contents(path)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TokenizerError(file: path, problem: "not UTF-8")
        }

        // A line of this file is some 20 bytes.
        var table = TokenTable(capacity: bytes.count / 20)
        var seen: Set<Int32> = []
        seen.reserveCapacity(bytes.count / 20)
        do {
            var cursor = JSONCursor(bytes: bytes, file: path)
            try cursor.integerMembers { (token, number) throws(WeightError) in
                func error(_ problem: String) -> WeightError { WeightError(file: path, .malformed(problem)) }
                func name() -> String { String(decoding: token, as: UTF8.self) }
                guard let identifier = Int32(exactly: number) else {
                    throw error("token \(name()) has the id \(number), which is too large")
                }
                guard seen.insert(identifier).inserted else {
                    throw error("two tokens have the id \(identifier), one of them \(name())")
                }
                guard table.insert(token, identifier: identifier) else {
                    throw error("token \(name()) occurs twice")
                }
            }
            try cursor.end()
        } catch {
            throw TokenizerError(file: path, problem: "not a JSON object of token ids: \(error.reason)")
        }
        return (table, seen.max().map(Int.init) ?? 0)
    }

    private static func readMerges(
        _ path: String,
        identifiers: TokenTable
    ) throws(TokenizerError) -> [UInt64: Merge] {
        let bytes = try contents(path)
        let isWhole = String(validating: bytes, as: UTF8.self) != nil
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(identifiers.count)
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = bytes[start..<end]
            start = end + 1
            number += 1
            func error(_ problem: String) -> TokenizerError {
                TokenizerError(file: path, line: number, problem: problem)
            }
            guard isWhole || String(validating: line, as: UTF8.self) != nil else { throw error("not UTF-8") }
            if number == 1, line.starts(with: "#version".utf8) { continue }
            guard let pair = pair(line) else { throw error("expected two tokens with a space between") }
            func identifier(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8> = []) throws(TokenizerError) -> Int32
            {
                guard let identifier = identifiers.identifier(left, right) else {
                    throw error("token \(String(decoding: left + right, as: UTF8.self)) is not in the vocabulary")
                }
                return identifier
            }
            let key = try key(identifier(pair.left), identifier(pair.right))
            let merge = Merge(rank: UInt32(number - 1), result: try identifier(pair.left, pair.right))
            guard merges.updateValue(merge, forKey: key) == nil else { throw error("this pair occurred before") }
        }
        return merges
    }

    /// The two words of a line, or nil if there are fewer or more.
    private static func pair(_ line: ArraySlice<UInt8>) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)? {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") }
        func word(from start: Int) -> ArraySlice<UInt8> {
            var first = start
            while first < line.endIndex, isSpace(line[first]) { first += 1 }
            var end = first
            while end < line.endIndex, !isSpace(line[end]) { end += 1 }
            return line[first..<end]
        }
        let left = word(from: line.startIndex)
        let right = word(from: left.endIndex)
        let rest = word(from: right.endIndex)
        return !left.isEmpty && !right.isEmpty && rest.isEmpty ? (left, right) : nil
    }

    private static func contents(_ path: String) throws(TokenizerError) -> [UInt8] {
        do {
            return [UInt8](try JSONFile.contents(path))
        } catch {
            throw TokenizerError(file: path, problem: error.problem)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Tensor

/// Tokens by their text: a hash table over UTF-8 that makes no string of its own for each.
///
/// A vocabulary has 49,408 tokens and its merges look up three times as many: strings and a dictionary take a hundred
/// milliseconds for that, at every start.
struct TokenTable: Sendable {
    private struct Token {
        var start: UInt32
        var end: UInt32
        var identifier: Int32
    }

    /// The texts of all tokens, one after the other.
    private var text: [UInt8] = []
    private var tokens: [Token] = []
    /// For each place of the table the token there, or -1; a power of two, at most half full.
    private var places: [Int32]
    /// Different in each process, so that no file is made to collide.
    private let seed = UInt64.random(in: .min ... .max)

    /// A table for about `capacity` tokens.
    init(capacity: Int) {
        places = Array(repeating: -1, count: 16)
        while places.count < 2 * capacity { places = Array(repeating: -1, count: 2 * places.count) }
        tokens.reserveCapacity(capacity)
    }

    var count: Int { tokens.count }

    /// The identifier of the token with the text of `first` and `second` together.
    func identifier(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8> = []) -> Int32? {
        let token = places[place(of: first, second)]
        return token < 0 ? nil : tokens[Int(token)].identifier
    }

    func identifier(_ text: String) -> Int32? {
        identifier(Array(text.utf8)[...])
    }

    /// Adds a token; false if one of that text is there.
    mutating func insert(_ token: ArraySlice<UInt8>, identifier: Int32) -> Bool {
        var place = place(of: token, [])
        guard places[place] < 0 else { return false }
        if 2 * (tokens.count + 1) > places.count {
            grow()
            place = self.place(of: token, [])
        }
        let start = UInt32(text.count)
        text += token
        places[place] = Int32(tokens.count)
        tokens.append(Token(start: start, end: UInt32(text.count), identifier: identifier))
        return true
    }

    private mutating func grow() {
        places = Array(repeating: -1, count: 2 * places.count)
        for (index, token) in tokens.enumerated() {
            let text = text[Int(token.start)..<Int(token.end)]
            places[place(of: text, [])] = Int32(index)
        }
    }

    /// Where a text is in the table, or belongs.
    private func place(of first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
        var hash = FNV1a(seed: seed)
        for byte in first { hash.combine(byte) }
        for byte in second { hash.combine(byte) }
        // The low bits of a product depend on low bits alone.
        var place = Int(truncatingIfNeeded: hash.value ^ hash.value >> 32) & (places.count - 1)
        while places[place] >= 0, !isToken(Int(places[place]), first, second) {
            place = (place + 1) & (places.count - 1)
        }
        return place
    }

    private func isToken(_ index: Int, _ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Bool {
        let (start, end) = (Int(tokens[index].start), Int(tokens[index].end))
        let middle = start + first.count
        guard end - start == first.count + second.count else { return false }
        return text[start..<middle].elementsEqual(first) && text[middle..<end].elementsEqual(second)
    }
}

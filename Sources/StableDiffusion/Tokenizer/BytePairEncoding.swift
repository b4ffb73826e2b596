// SPDX-License-Identifier: Apache-2.0

extension BytePairVocabulary {
    /// The tokens of one word.
    ///
    /// Starts from its bytes and merges the pair of lowest rank, the leftmost of equals, until no pair merges
    /// (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909). Bytes that the vocabulary lacks become `unknown`.
    /// Takes time in proportion to n log n for n bytes, since a hostile word may be all of a prompt.
    func encode(word: String.UTF8View, unknown: Int32) -> [Int32] {
        var symbols = word.enumerated().map { index, byte in
            Symbol(token: inner[Int(byte)] ?? unknown, previous: index - 1, next: index + 1)
        }
        guard let last = word.last else { return [] }
        symbols[symbols.count - 1].token = final[Int(last)] ?? unknown

        var candidates = Heap()
        func consider(_ left: Int) {
            let right = symbols[left].next
            guard right < symbols.count, let merge = merge(symbols[left].token, symbols[right].token) else { return }
            candidates.insert(UInt64(merge.rank) << 32 | UInt64(left))
        }
        for left in symbols.indices { consider(left) }

        while let candidate = candidates.removeFirst() {
            let left = Int(candidate & 0xFFFF_FFFF)
            let right = symbols[left].next
            // An earlier merge may have taken one of the two: then the pair here is another, or there is none.
            guard symbols[left].isLive, right < symbols.count,
                let merge = merge(symbols[left].token, symbols[right].token), UInt64(merge.rank) == candidate >> 32
            else { continue }
            symbols[left].token = merge.result
            symbols[left].next = symbols[right].next
            symbols[right].isLive = false
            if symbols[right].next < symbols.count { symbols[symbols[right].next].previous = left }
            consider(left)
            if symbols[left].previous >= 0 { consider(symbols[left].previous) }
        }
        return symbols.filter(\.isLive).map(\.token)
    }

    /// A token of the word and its neighbours, by the places of their first bytes.
    private struct Symbol {
        var token: Int32
        var previous: Int
        var next: Int
        /// False once it is part of the symbol before it.
        var isLive = true
    }

    /// A binary heap: gives back what was inserted, smallest first.
    private struct Heap {
        private var elements: [UInt64] = []

        mutating func insert(_ element: UInt64) {
            elements.append(element)
            var child = elements.count - 1
            while child > 0, elements[child] < elements[(child - 1) / 2] {
                elements.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        mutating func removeFirst() -> UInt64? {
            guard let first = elements.first else { return nil }
            let last = elements.removeLast()
            guard !elements.isEmpty else { return first }
            elements[0] = last
            var parent = 0
            while 2 * parent + 1 < elements.count {
                let (left, right) = (2 * parent + 1, 2 * parent + 2)
                let child = right < elements.count && elements[right] < elements[left] ? right : left
                guard elements[child] < elements[parent] else { break }
                elements.swapAt(child, parent)
                parent = child
            }
            return first
        }
    }
}

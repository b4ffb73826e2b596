// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number that several tasks count down.
final class Counter: Sendable {
    private let count: Atomic<Int>

    init(_ value: Int) {
        count = Atomic(value)
    }

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func decrement() {
        count.subtract(1, ordering: .sequentiallyConsistent)
    }
}

/// Random numbers that a seed brings back (Knuth's multiplicative congruential generator, its upper half).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        func half() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32
        }
        return half() << 32 | half()
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The 32-bit Mersenne Twister MT19937, the engine of torch's CPU generator.
///
/// Paper: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
/// generator" (1998). Reference: `at::mt19937`.
struct MersenneTwister: Sendable {
    private static let size = 624
    private static let shift = 397

    private var state: [UInt32]
    /// Index of the next word of `state` to hand out; at the end of the block the next draw makes a new one.
    private var position: Int

    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.size)
        for index in 1..<Self.size {
            let previous = state[index - 1]
            state.append(1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index))
        }
        position = Self.size
    }

    mutating func next() -> UInt32 {
        if position == Self.size {
            twist()
        }
        var word = state[position]
        position += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9d2c_5680
        word ^= (word << 15) & 0xefc6_0000
        word ^= word >> 18
        return word
    }

    /// Replaces the whole block of words by the next one of the sequence.
    private mutating func twist() {
        for index in 0..<Self.size {
            let following = state[(index + 1) % Self.size]
            let joined = (state[index] & 0x8000_0000) | (following & 0x7fff_ffff)
            let feedback: UInt32 = following & 1 == 0 ? 0 : 0x9908_b0df
            state[index] = state[(index + Self.shift) % Self.size] ^ (joined >> 1) ^ feedback
        }
        position = 0
    }
}

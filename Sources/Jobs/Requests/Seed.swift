// SPDX-License-Identifier: Apache-2.0

/// The number a picture's noise is made from.
///
/// All 63 bits are kept and reported. The noise generator reads the low 32 only, as `torch.Generator.manual_seed` with the
/// Mersenne Twister does on the CPU.
package struct Seed: Hashable, Sendable {
    /// The number, 0 or more.
    package let value: Int64

    /// What callers send to ask for a random seed.
    package static let random: Int64 = -1

    /// A seed that was chosen; `nil` when negative.
    package init?(_ value: Int64) {
        guard value >= 0 else { return nil }
        self.value = value
    }

    /// Draws a seed of 32 bits: every noise there is, in a number that JavaScript callers can hold exactly.
    package init(using generator: inout some RandomNumberGenerator) {
        value = Int64(UInt32.random(in: .min ... .max, using: &generator))
    }

    private init(unchecked value: Int64) {
        self.value = value
    }

    /// The seed of picture `index` of a request with this seed: the sum, which wraps from 2^63 - 1 to 0.
    ///
    /// Each picture of a request can therefore be made again alone, from the seed reported with it.
    package func advanced(by index: Int) -> Seed {
        Seed(unchecked: (value &+ Int64(index)) & Int64.max)
    }
}

extension Seed: Codable {
    /// Reads the bare number.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let seed = Seed(try container.decode(Int64.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a seed is not negative")
        }
        self = seed
    }

    /// Writes the bare number.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

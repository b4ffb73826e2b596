// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import StableDiffusion

/// Draws of torch's CPU generator, written by `Fixtures/noise/make_noise.py`.
private struct NoiseFixture: Decodable {
    struct Draw: Decodable, CustomTestStringConvertible {
        var seed: UInt64
        var count: Int
        var values: [UInt32]?
        var first: [UInt32]?
        var last: [UInt32]?
        var checksum: UInt64?

        var testDescription: String { "\(count) numbers of seed \(seed)" }
    }

    struct Sequence: Decodable {
        var seed: UInt64
        var counts: [Int]
        var draws: [[UInt32]]
    }

    var draws: [Draw]
    var sequences: [Sequence]

    static let stored: NoiseFixture? = try? JSONDecoder().decode(
        NoiseFixture.self,
        from: Data(contentsOf: Fixture.url("noise/noise.json"))
    )
}

@Suite struct TorchGeneratorTests {
    @Test func `the fixture of torch's numbers is complete`() throws {
        let fixture = try #require(NoiseFixture.stored)
        #expect(fixture.draws.count == 55)
        #expect(fixture.sequences.count == 2)
    }

    @Test(arguments: NoiseFixture.stored?.draws ?? [])
    fileprivate func `draws the numbers of torch bit for bit`(expected: NoiseFixture.Draw) throws {
        var generator = TorchGenerator(seed: expected.seed)
        let patterns = generator.normal(count: expected.count).map(\.bitPattern)
        #expect(patterns.count == expected.count)
        if let values = expected.values {
            #expect(patterns == values)
        } else {
            let first = try #require(expected.first)
            let last = try #require(expected.last)
            #expect(Array(patterns.prefix(first.count)) == first)
            #expect(Array(patterns.suffix(last.count)) == last)
            #expect(fnv1a(patterns) == expected.checksum)
        }
    }

    @Test func `successive draws continue one sequence as in torch`() throws {
        for sequence in try #require(NoiseFixture.stored).sequences {
            var generator = TorchGenerator(seed: sequence.seed)
            let draws = sequence.counts.map { generator.normal(count: $0).map(\.bitPattern) }
            #expect(draws == sequence.draws)
        }
    }

    @Test func `only the low 32 bits of the seed matter`() {
        var small = TorchGenerator(seed: 4_238_662_346)
        var large = TorchGenerator(seed: 17_123_564_234)
        #expect(small.normal(count: 64) == large.normal(count: 64))
    }

    @Test func `a copy of a generator goes its own way`() {
        var original = TorchGenerator(seed: 3)
        var copy = original
        let first = original.normal(count: 32)
        #expect(copy.normal(count: 32) == first)
        #expect(original.normal(count: 32) != first)
    }

    @Test func `no numbers are drawn for an empty request`() {
        var generator = TorchGenerator(seed: 5)
        var untouched = generator
        #expect(generator.normal(count: 0).isEmpty)
        #expect(generator.normal(count: 16) == untouched.normal(count: 16))
    }
}

/// FNV-1a over words instead of bytes, as the fixture's script computes it.
private func fnv1a(_ words: [UInt32]) -> UInt64 {
    words.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

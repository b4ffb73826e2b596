// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor
import Testing

@Suite struct AttentionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var rows = 1
        var queries: Int
        var keys: Int
        var heads = 1
        var headSize: Int
        var causal = false

        var testDescription: String {
            "\(rows) rows, \(queries) to \(keys), \(heads) heads of \(headSize)\(causal ? ", causal" : "")"
        }
    }

    static let cases = [
        Case(queries: 1, keys: 1, headSize: 1),
        Case(queries: 5, keys: 3, heads: 3, headSize: 1),
        Case(rows: 2, queries: 7, keys: 17, heads: 2, headSize: 3),
        Case(queries: 12, keys: 16, heads: 2, headSize: 8),
        Case(queries: 13, keys: 33, headSize: 16),
        Case(rows: 2, queries: 30, keys: 77, heads: 2, headSize: 24),
        Case(queries: 50, keys: 77, heads: 2, headSize: 64),
        Case(queries: 77, keys: 77, heads: 2, headSize: 32, causal: true),
        Case(queries: 20, keys: 20, heads: 3, headSize: 5, causal: true),
        Case(queries: 40, keys: 12, headSize: 10, causal: true),
        Case(queries: 3, keys: 257, headSize: 96),
        Case(queries: 300, keys: 300, headSize: 15),
        Case(queries: 290, keys: 290, headSize: 9, causal: true),
        Case(queries: 10, keys: 40, headSize: 150),
    ]

    @Test(arguments: cases)
    func `every code path computes softmax of the scaled products times the values`(_ test: Case) {
        for precision in DType.allCases {
            let inputs = Inputs(test, precision: precision)
            let truth = inputs.attention()
            for variant in DeviceVariant.all where variant.precision == precision {
                let result = inputs.run(variant.device())
                // One path rounds the weights to bfloat16, too.
                #expect(largestError(result, truth) < 2 * variant.tolerance, "\(variant.testDescription)")
            }
        }
    }

    @Test(arguments: DeviceVariant.all)
    func `large scores neither overflow nor vanish`(_ variant: DeviceVariant) {
        // Products of up to 80 * √d: all weight goes to few keys.
        var test = Inputs(
            Case(queries: 20, keys: 280, headSize: 16),
            precision: variant.precision,
            scale: 8.9
        )
        #expect(largestError(test.run(variant.device()), test.attention()) < 10 * variant.tolerance)
        // All scores far below zero, so that the zeros of padding would be the largest.
        test.query = test.query.map { abs($0) }
        test.key = test.key.map { -abs($0) }
        #expect(largestError(test.run(variant.device()), test.attention()) < 10 * variant.tolerance)
    }

    @Test(arguments: DeviceVariant.all)
    func `equal keys give the mean of the values`(_ variant: DeviceVariant) {
        var test = Inputs(Case(queries: 9, keys: 300, headSize: 8), precision: variant.precision)
        test.key = test.key.map { _ in 3 }
        test.value = test.value.map { _ in 0.75 }
        #expect(test.run(variant.device()).allSatisfy { abs($0 - 0.75) < 1e-5 })
    }

    @Test(arguments: DeviceVariant.all)
    func `a causal token does not see later ones, whatever they hold`(_ variant: DeviceVariant) {
        let test = Case(queries: 40, keys: 40, headSize: 20, causal: true)
        var inputs = Inputs(test, precision: variant.precision)
        let before = inputs.run(variant.device())
        let seen = 25
        for index in (seen * 20)..<(40 * 20) {
            inputs.key[index] = 50
            inputs.value[index] = -1000
        }
        let after = inputs.run(variant.device())
        #expect(before.prefix(seen * 20) == after.prefix(seen * 20))
        #expect(before.suffix(20) != after.suffix(20))
    }

    @Test(arguments: DeviceVariant.all)
    func `a value that is not a number reaches the result`(_ variant: DeviceVariant) {
        var inputs = Inputs(Case(queries: 15, keys: 15, headSize: 16), precision: variant.precision)
        inputs.query[4 * 16 + 3] = .nan
        let result = inputs.run(variant.device())
        #expect(result[(4 * 16)..<(5 * 16)].allSatisfy { $0.isNaN })
        #expect(!result[..<(4 * 16)].contains { $0.isNaN } && !result[(5 * 16)...].contains { $0.isNaN })
    }

    @Test(arguments: DeviceVariant.all)
    func `neither threads nor other rows change a bit`(_ variant: DeviceVariant) {
        let test = Case(rows: 6, queries: 199, keys: 77, heads: 3, headSize: 12)
        let inputs = Inputs(test, precision: variant.precision)
        let whole = inputs.run(variant.device(threads: 1))
        for threads in [2, 3, 5] {
            #expect(inputs.run(variant.device(threads: threads)) == whole)
        }
        let count = whole.count / test.rows
        for row in 0..<test.rows {
            let alone = inputs.row(row).run(variant.device())
            #expect(alone[...] == whole[(row * count)..<((row + 1) * count)])
        }
    }
}

/// What attention is given, and what it should make of it.
private struct Inputs {
    let test: AttentionTests.Case
    var query: [Float]
    var key: [Float]
    var value: [Float]

    init(_ test: AttentionTests.Case, precision: DType, scale: Float = 1.2) {
        self.test = test
        let channels = test.heads * test.headSize
        var random = Values(seed: test.queries * 1009 + test.keys * 31 + test.headSize)
        // Rounded, so that the truth is computed from what the device is given.
        func values(_ tokens: Int, _ scale: Float) -> [Float] {
            random.next(test.rows * tokens * channels, scale: scale, precision: precision)
        }
        query = values(test.queries, scale)
        key = values(test.keys, scale)
        value = values(test.keys, 1)
    }

    private init(_ test: AttentionTests.Case, _ query: [Float], _ key: [Float], _ value: [Float]) {
        self.test = test
        self.query = query
        self.key = key
        self.value = value
    }

    func row(_ index: Int) -> Inputs {
        var alone = test
        alone.rows = 1
        func part(_ values: [Float]) -> [Float] {
            let count = values.count / test.rows
            return Array(values[(index * count)..<((index + 1) * count)])
        }
        return Inputs(alone, part(query), part(key), part(value))
    }

    func run(_ device: CPUDevice) -> [Float] {
        let channels = test.heads * test.headSize
        let keys = Shape([test.rows, test.keys, channels])
        return device.download(
            device.attention(
                query: device.upload(query, shape: [test.rows, test.queries, channels]),
                key: device.upload(key, shape: keys),
                value: device.upload(value, shape: keys),
                heads: test.heads,
                causal: test.causal
            )
        )
    }

    /// Attention by its definition.
    func attention() -> [Double] {
        let size = test.headSize
        let channels = test.heads * size
        var result = [Double](repeating: 0, count: query.count)
        var scores = [Double](repeating: 0, count: test.keys)
        for row in 0..<test.rows {
            for head in 0..<test.heads {
                for token in 0..<test.queries {
                    let start = (row * test.queries + token) * channels + head * size
                    let first = row * test.keys * channels + head * size
                    let seen = test.causal ? min(token + 1, test.keys) : test.keys
                    for other in 0..<seen {
                        var sum = 0.0
                        for i in 0..<size {
                            sum += Double(query[start + i]) * Double(key[first + other * channels + i])
                        }
                        scores[other] = sum / Double(size).squareRoot()
                    }
                    let largest = scores[..<seen].max() ?? 0
                    var total = 0.0
                    for other in 0..<seen {
                        scores[other] = exp(scores[other] - largest)
                        total += scores[other]
                    }
                    for other in 0..<seen {
                        let weight = scores[other] / total
                        for i in 0..<size {
                            result[start + i] += weight * Double(value[first + other * channels + i])
                        }
                    }
                }
            }
        }
        return result
    }
}

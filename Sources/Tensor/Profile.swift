// SPDX-License-Identifier: Apache-2.0

/// What an operation is counted as.
package enum OperationKind: String, Sendable, CaseIterable {
    /// Convolutions of more than one pixel.
    case convolution = "conv"
    /// Linear layers, and convolutions of one pixel: they are the same product.
    case linear
    case attention
    case normalization = "norm"
    /// Everything else: copies, transfers, activations of their own.
    case other
}

/// What the operations of a run took, by kind.
package struct Profile: Sendable {
    /// The operations of one kind.
    package struct Entry: Sendable, Equatable {
        /// Operations that were run.
        package var count = 0
        /// Wall time.
        package var seconds = 0.0
        /// Multiplications and additions of the products as the textbook has them, whatever the algorithm: a fast
        /// convolution counts as a direct one, padding and everything that is not a product count as nothing.
        package var operations = 0.0

        mutating func add(seconds: Double, operations: Double) {
            count += 1
            self.seconds += seconds
            self.operations += operations
        }
    }

    private var entries: [OperationKind: Entry] = [:]

    package subscript(kind: OperationKind) -> Entry {
        get { entries[kind, default: Entry()] }
        set { entries[kind] = newValue }
    }

    package var seconds: Double { entries.values.reduce(0) { $0 + $1.seconds } }
    package var operations: Double { entries.values.reduce(0) { $0 + $1.operations } }
}

extension LinearWeights {
    /// Multiplications and additions for so many rows; a gate is a second product.
    func operations(pixels: Int) -> Double {
        Double(pixels) * Double(inputs) * Double(outputs) * (isGated ? 4 : 2)
    }
}

extension ConvolutionWeights {
    /// Multiplications and additions of a direct convolution of a `[rows, height, width, channels]` input, its padding
    /// included.
    func operations(on input: Shape, geometry: ConvolutionGeometry) -> Double {
        let height = geometry.outputExtent(input[1], kernel: kernel)
        let width = geometry.outputExtent(input[2], kernel: kernel)
        return 2 * Double(input[0] * height * width) * Double(kernel * kernel) * Double(inputs) * Double(outputs)
    }
}

extension OperationKind {
    /// Multiplications and additions of both products of `[rows, tokens, channels]` queries with keys and values, for
    /// the pairs that see each other; the softmax counts as nothing.
    static func attentionOperations(query: Shape, key: Shape, causal: Bool) -> Double {
        let pairs = causal ? (0..<query[1]).reduce(0) { $0 + min($1 + 1, key[1]) } : query[1] * key[1]
        return 4 * Double(query[0]) * Double(pairs) * Double(query.channels)
    }
}

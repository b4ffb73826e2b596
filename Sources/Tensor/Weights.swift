// SPDX-License-Identifier: Apache-2.0

/// Weights as they lie on the host, usually in a mapped file: what a device packs.
package protocol HostTensor: Sendable {
    var shape: Shape { get }
    var elementType: ElementType { get }

    /// Calls `body` with the elements, row-major, little-endian, `shape.count * elementType.size` bytes.
    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result

    /// Says that the elements were packed and need not stay in memory.
    func release()
}

extension HostTensor {
    package func release() {}
}

/// Weights in a device's own layout; only the device that packed them can read them.
package protocol PackedWeights: AnyObject, Sendable {
    /// Bytes the packed weights hold.
    var byteCount: Int { get }
}

/// A packed linear layer.
package struct LinearWeights: Sendable {
    package let inputs: Int
    /// Channels of the result; for gated weights half of the packed rows.
    package let outputs: Int
    package let isGated: Bool
    package let packed: any PackedWeights

    package init(inputs: Int, outputs: Int, isGated: Bool, packed: any PackedWeights) {
        self.inputs = inputs
        self.outputs = outputs
        self.isGated = isGated
        self.packed = packed
    }
}

/// Linear layers of one size that are always given the same input: the queries, keys and values of an attention.
package struct LinearGroup: Sendable {
    /// The layers, for a device that computes them one by one.
    package let layers: [LinearWeights]
    /// All of them in one piece, for a device that computes them together.
    package let packed: (any PackedWeights)?

    package init(layers: [LinearWeights], packed: (any PackedWeights)? = nil) {
        self.layers = layers
        self.packed = packed
    }
}

/// A packed convolution.
package struct ConvolutionWeights: Sendable {
    package let inputs: Int
    package let outputs: Int
    /// Height and width of the kernel.
    package let kernel: Int
    package let packed: any PackedWeights

    package init(inputs: Int, outputs: Int, kernel: Int, packed: any PackedWeights) {
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.packed = packed
    }
}

/// The packed scale and shift of a normalisation.
package struct NormalizationWeights: Sendable {
    package let channels: Int
    package let packed: any PackedWeights

    package init(channels: Int, packed: any PackedWeights) {
        self.channels = channels
        self.packed = packed
    }
}

/// A packed embedding table.
package struct EmbeddingWeights: Sendable {
    package let entries: Int
    package let channels: Int
    package let packed: any PackedWeights

    package init(entries: Int, channels: Int, packed: any PackedWeights) {
        self.entries = entries
        self.channels = channels
        self.packed = packed
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Values that are kept as packed weights are; there once the arena that they were reserved in is settled.
package struct PackedFloats: Sendable {
    private let block: PackedBlock

    init(_ block: PackedBlock) {
        self.block = block
    }

    /// The values.
    package var values: [Float] {
        let count = block.byteCount / MemoryLayout<Float>.size
        let pointer = unsafe block.pointer.assumingMemoryBound(to: Float.self)
        return unsafe Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}

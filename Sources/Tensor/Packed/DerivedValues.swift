// SPDX-License-Identifier: Apache-2.0

/// Values that were computed with a model's packed weights when these were packed, and are kept with them.
///
/// They are there once the arena that they were reserved in is settled.
package struct DerivedValues: Sendable {
    private let block: PackedBlock

    init(_ block: PackedBlock) {
        self.block = block
    }

    /// The values.
    package var floats: [Float] {
        let count = block.byteCount / MemoryLayout<Float>.size
        let pointer = unsafe block.pointer.assumingMemoryBound(to: Float.self)
        return unsafe Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}

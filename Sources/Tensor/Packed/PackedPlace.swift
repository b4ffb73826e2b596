// SPDX-License-Identifier: Apache-2.0

/// Where a device puts a layer's packed weights.
package enum PackedPlace {
    /// In memory of their own, packed at once.
    case own
    /// In a model's arena, under the layer's name: packed or mapped with all others.
    case arena(PackedArena, name: String)

    /// The layer's name, if it has one.
    var name: String {
        switch self {
        case .own: ""
        case .arena(_, let name): name
        }
    }

    /// Room for a layer's packed weights.
    ///
    /// - Parameters:
    ///   - layout: what the bytes are beyond the weights themselves: the kind of layout and its parameters.
    ///   - fill: packs the weights into that many bytes, each of which it writes.
    func block(
        layout: String,
        byteCount: Int,
        fill: @escaping (UnsafeMutableRawPointer) -> Void
    ) -> PackedBlock {
        switch self {
        case .own:
            let block = PackedBlock(byteCount: byteCount)
            let memory = OwnedMemory(byteCount: byteCount)
            unsafe fill(memory.memory.pointer)
            unsafe block.settle(at: memory.memory.pointer, in: memory)
            return block
        case .arena(let arena, let name):
            return unsafe arena.reserve(name: name, layout: layout, byteCount: byteCount, fill: fill)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The bytes of one layer's packed weights.
///
/// They are there once whoever made the block has packed or mapped them, and are only read from then on.
@safe final class PackedBlock: @unchecked Sendable {
    // Safe: set once, while the model is made and before another thread has it; the owner keeps the memory.
    private var memory: (pointer: UnsafeMutableRawPointer, owner: AnyObject)?
    let byteCount: Int

    /// A block whose memory comes later.
    init(byteCount: Int) {
        self.byteCount = byteCount
    }

    /// Where the bytes are, on a cache-line boundary.
    var pointer: UnsafeMutableRawPointer {
        guard let memory = unsafe memory else { preconditionFailure("weights were used before they were packed") }
        return unsafe memory.pointer
    }

    /// Says where the bytes are, and what keeps them there.
    func settle(at pointer: UnsafeMutableRawPointer, in owner: AnyObject) {
        unsafe memory = (pointer, owner)
    }
}

/// Memory that is freed with its last user.
final class OwnedMemory: @unchecked Sendable {
    // Safe: the pointer never changes; who reads and writes when is the user's affair.
    let memory: AlignedMemory

    init(byteCount: Int) {
        memory = AlignedMemory(byteCount: byteCount)
    }

    deinit {
        memory.deallocate()
    }
}

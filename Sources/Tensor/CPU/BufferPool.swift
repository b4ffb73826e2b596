// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Memory of a CPU tensor: 64-byte aligned, handed back to its pool when the last handle goes away.
@safe final class CPUBuffer: TensorStorage, @unchecked Sendable {
    // Safe: the pointer never changes, and the elements are written only by the operation that makes the tensor.
    let pointer: UnsafeMutableRawPointer
    let byteCount: Int
    private let memory: AlignedMemory
    private let pool: BufferPool

    fileprivate init(memory: AlignedMemory, byteCount: Int, pool: BufferPool) {
        self.memory = memory
        unsafe self.pointer = memory.pointer
        self.byteCount = byteCount
        self.pool = pool
    }

    deinit {
        pool.put(memory)
    }
}

/// Freed activations, kept for the next operation that needs as much.
///
/// The step loop asks for the same sizes in the same order each time: from the third evaluation of a size on, every
/// request is answered from here and no page is faulted in anew. The second may still ask the system, because it finds
/// other neighbours free than the first.
final class BufferPool: Sendable {
    // Safe: every access goes through the mutex, and memory in the list is owned by the list alone.
    private struct State: @unchecked Sendable {
        /// Sorted by size, so that the first that is large enough fits best.
        var free: [AlignedMemory] = []
        var allocations = 0
    }

    private let state = Mutex(State())

    /// How often memory was asked of the system.
    var allocations: Int { state.withLock { $0.allocations } }

    /// A buffer of at least `byteCount` bytes with undefined contents.
    func take(_ byteCount: Int) -> CPUBuffer {
        let wanted = max(64, (byteCount + 63) & ~63)
        let found = state.withLock { state -> AlignedMemory? in
            guard let index = state.free.firstIndex(where: { $0.byteCount >= wanted }),
                state.free[index].byteCount <= wanted + wanted / 2
            else {
                state.allocations += 1
                return nil
            }
            return state.free.remove(at: index)
        }
        let memory = found ?? AlignedMemory(byteCount: wanted)
        return CPUBuffer(memory: memory, byteCount: byteCount, pool: self)
    }

    /// Calls `body` with memory for as long as it runs.
    ///
    /// A buffer's pointer alone does not keep the buffer: it could go back to the pool while a kernel still writes to it.
    func withScratch<Result>(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        let buffer = take(byteCount)
        return withExtendedLifetime(buffer) { unsafe body(buffer.pointer) }
    }

    fileprivate func put(_ memory: AlignedMemory) {
        state.withLock { state in
            let index =
                state.free.firstIndex { $0.byteCount >= memory.byteCount } ?? state.free.endIndex
            state.free.insert(memory, at: index)
        }
    }

    /// Returns every unused buffer to the system.
    func trim() {
        let freed = state.withLock { state in
            defer { state.free = [] }
            return state.free
        }
        for memory in freed {
            memory.deallocate()
        }
    }

    deinit {
        trim()
    }
}

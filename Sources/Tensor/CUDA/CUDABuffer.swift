// SPDX-License-Identifier: Apache-2.0

import CCUDA
import Synchronization

/// A piece of the GPU's memory.
final class CUDAMemory: Sendable {
    let handle: CUDAHandle
    let address: cc_address
    let byteCount: Int

    init(_ handle: CUDAHandle, byteCount: Int) {
        var address: cc_address = 0
        unsafe must(cc_allocate(handle.pointer, byteCount, &address))
        self.handle = handle
        self.address = address
        self.byteCount = byteCount
    }

    deinit {
        // A kernel that was started may still read it; freeing waits for that.
        unsafe must(cc_free(handle.pointer, address))
    }
}

/// Memory of a CUDA tensor, handed back to its pool when the last handle goes away.
///
/// The stream does one thing after the other, so the next owner's kernels write only after this one's have read.
final class CUDABuffer: TensorStorage {
    let address: cc_address
    let byteCount: Int
    private let owner: Owner

    private enum Owner {
        case pool(CUDAPool, CUDAMemory)
        case buffer(CUDABuffer)
    }

    fileprivate init(memory: CUDAMemory, byteCount: Int, pool: CUDAPool) {
        address = memory.address
        self.byteCount = byteCount
        owner = .pool(pool, memory)
    }

    /// A part of another buffer.
    init(part buffer: CUDABuffer, from offset: Int, byteCount: Int) {
        precondition(offset + byteCount <= buffer.byteCount, "a part that is not in its buffer")
        address = buffer.address + cc_address(offset)
        self.byteCount = byteCount
        owner = .buffer(buffer)
    }

    deinit {
        if case .pool(let pool, let memory) = owner { pool.put(memory) }
    }
}

/// The GPU's memory that no tensor uses, kept for the next one.
///
/// A recording has a pool of its own: what it wrote down are addresses, which must be there at each replay.
final class CUDAPool: Sendable {
    private struct State {
        /// Sorted by size, so that the first that is large enough fits best.
        var free: [CUDAMemory] = []
        var allocations = 0
        var byteCount = 0
    }

    private let handle: CUDAHandle
    private let state = Mutex(State())

    init(_ handle: CUDAHandle) {
        self.handle = handle
    }

    /// How often memory was asked of the driver.
    var allocations: Int { state.withLock { $0.allocations } }

    /// Bytes asked of the driver and not given back.
    var byteCount: Int { state.withLock { $0.byteCount } }

    func take(_ byteCount: Int) -> CUDABuffer {
        let wanted = max(256, (byteCount + 255) & ~255)
        let found = state.withLock { state -> CUDAMemory? in
            guard let index = state.free.firstIndex(where: { $0.byteCount >= wanted }),
                state.free[index].byteCount <= wanted + wanted / 2
            else {
                state.allocations += 1
                state.byteCount += wanted
                return nil
            }
            return state.free.remove(at: index)
        }
        return CUDABuffer(
            memory: found ?? CUDAMemory(handle, byteCount: wanted),
            byteCount: byteCount,
            pool: self
        )
    }

    fileprivate func put(_ memory: CUDAMemory) {
        state.withLock { state in
            let index = state.free.firstIndex { $0.byteCount >= memory.byteCount } ?? state.free.endIndex
            state.free.insert(memory, at: index)
        }
    }

    /// Gives back what no tensor uses.
    func trim() {
        let freed = state.withLock { state in
            defer { state.free = [] }
            state.byteCount -= state.free.reduce(0) { $0 + $1.byteCount }
            return state.free
        }
        _ = freed
    }
}

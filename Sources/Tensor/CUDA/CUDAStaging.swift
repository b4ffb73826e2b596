// SPDX-License-Identifier: Apache-2.0

import CCUDA

/// Memory of the host that the GPU reads at full speed: large copies go through its two halves in turn.
@safe final class CUDAStaging: @unchecked Sendable {
    // Safe: used by one thread at a time, as the device is.
    private static let half = 16 << 20
    private let handle: CUDAHandle
    private var memory: UnsafeMutableRawPointer?
    private var next = 0
    /// Whether the GPU may still read a half.
    private var isBusy = [false, false]

    init(_ handle: CUDAHandle) {
        self.handle = handle
    }

    deinit {
        if let memory = unsafe memory { unsafe must(cc_free_host(handle.pointer, memory)) }
    }

    /// Copies bytes to the GPU; they may change once this returns.
    func copy(_ bytes: UnsafeRawBufferPointer, to address: cc_address) {
        guard let first = bytes.baseAddress else { return }
        let memory = unsafe memory ?? allocate()
        var offset = 0
        while offset < bytes.count {
            let count = min(Self.half, bytes.count - offset)
            if isBusy[next] {
                unsafe must(cc_synchronize(handle.pointer))
                isBusy = [false, false]
            }
            let half = unsafe memory + next * Self.half
            unsafe half.copyMemory(from: first + offset, byteCount: count)
            unsafe must(cc_copy_in(handle.pointer, address + cc_address(offset), half, count))
            isBusy[next] = true
            next = 1 - next
            offset += count
        }
    }

    private func allocate() -> UnsafeMutableRawPointer {
        var allocated: UnsafeMutableRawPointer?
        unsafe must(cc_allocate_host(handle.pointer, 2 * Self.half, &allocated))
        guard let allocated = unsafe allocated else { fatalError("CUDA: \(CUDAError.last)") }
        unsafe memory = allocated
        return unsafe allocated
    }
}

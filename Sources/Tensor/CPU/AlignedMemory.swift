// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Uninitialised memory on cache-line boundaries, and in huge pages where it is large and the system has them.
///
/// Weights are gigabytes that each step reads in full: with pages of 4 KiB the address translations alone overflow
/// their caches.
@safe struct AlignedMemory {
    private static let hugePage = 2 << 20

    let pointer: UnsafeMutableRawPointer
    let byteCount: Int

    /// At least `byteCount` bytes; the caller frees them with ``deallocate()``.
    init(byteCount: Int) {
        let isLarge = byteCount >= Self.hugePage
        let alignment = isLarge ? Self.hugePage : 64
        let rounded = max(64, (byteCount + 63) & ~63)
        unsafe pointer = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: alignment)
        self.byteCount = rounded
        #if os(Linux)
            if isLarge {
                // Advice only: where it fails the memory is as good, if slower.
                _ = unsafe madvise(pointer, rounded & ~(Self.hugePage - 1), MADV_HUGEPAGE)
            }
        #endif
    }

    func deallocate() {
        unsafe pointer.deallocate()
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A regular file, mapped read-only into memory.
///
/// Processes that map the same file share its pages, and pages that are not looked at are never read. The file must not
/// be made shorter while it is mapped: as with any mapping, the system then ends the process that reads past the end.
/// A file that is replaced by renaming another over it is safe.
@safe package final class MappedFile: @unchecked Sendable {
    // Safe: the pointer never changes, the memory is never written, and it is only lent as checked spans.
    private let memory: UnsafeRawBufferPointer

    /// The path the file was opened with.
    package let path: String

    /// When the contents last changed, in nanoseconds since 1970, as the file system keeps it.
    package let modificationTime: Int

    /// The size of the file.
    package var byteCount: Int { unsafe memory.count }

    /// Maps a file.
    ///
    /// Throws if there is no such file, it may not be read, or it is not a regular file (a pipe would block).
    package init(path: String) throws(MappedFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw MappedFileError(path: path, systemError: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw MappedFileError(path: path, systemError: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw MappedFileError(path: path, problem: "is not a regular file")
        }
        self.path = path
        #if canImport(Glibc)
            let modified = status.st_mtim
        #else
            let modified = status.st_mtimespec
        #endif
        modificationTime = modified.tv_sec &* 1_000_000_000 &+ modified.tv_nsec
        guard let size = Int(exactly: status.st_size), size > 0 else {
            unsafe memory = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw MappedFileError(path: path, systemError: errno)
        }
        unsafe memory = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        guard let address = unsafe memory.baseAddress else { return }
        unsafe munmap(UnsafeMutableRawPointer(mutating: address), memory.count)
    }

    /// Calls `body` with the whole file.
    package func withBytes<Result, Failure>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeBytes: memory))
    }

    /// Calls `body` with a part of the file, which must lie inside it.
    package func withBytes<Result, Failure>(
        in range: Range<Int>,
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { (bytes) throws(Failure) in try body(bytes.extracting(range)) }
    }

    /// Lets go of a part of the file, which stays in the system's cache but no longer counts as this process's memory.
    ///
    /// Whatever is read there again is mapped again.
    package func release(_ range: Range<Int>) {
        guard let base = unsafe memory.baseAddress, !range.isEmpty else { return }
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "bytes beyond the file")
        // The whole of the outer pages: their other bytes are as easily mapped again.
        let start = range.lowerBound & ~(Int(getpagesize()) - 1)
        let address = unsafe UnsafeMutableRawPointer(mutating: base + start)
        unsafe madvise(address, range.upperBound - start, MADV_DONTNEED)
    }

    /// Whether the file has these bytes from `offset` on.
    func bytes(at offset: Int, equal other: UnsafeRawBufferPointer) -> Bool {
        guard let first = other.baseAddress else { return true }
        guard offset >= 0, other.count <= byteCount - offset else { return false }
        return unsafe memcmp(pointer(at: offset), first, other.count) == 0
    }

    /// Where a byte is, for kernels that read on from there: they must neither write nor go past the end.
    func pointer(at offset: Int) -> UnsafeMutableRawPointer {
        precondition((0..<byteCount).contains(offset), "a place beyond the file")
        guard let base = unsafe memory.baseAddress else { preconditionFailure("an empty file has no bytes") }
        return unsafe UnsafeMutableRawPointer(mutating: base + offset)
    }

    /// A copy of a part of the file, which must lie inside it.
    package func bytes(in range: Range<Int>) -> [UInt8] {
        withBytes(in: range) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }
}

/// A file could not be mapped.
package struct MappedFileError: Error, Equatable, CustomStringConvertible {
    /// The path as it was given.
    package let path: String
    /// What is wrong, as the end of a sentence that starts with the path.
    package let problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    init(path: String, systemError code: Int32) {
        self.init(path: path, problem: "cannot be read: \(unsafe String(cString: strerror(code)))")
    }

    package var description: String { "\(path) \(problem)" }
}

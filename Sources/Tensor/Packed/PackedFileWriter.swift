// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes a packed file beside its final place; ``publish()`` moves it there.
///
/// The header is written last, and the file gets its name once all of it is on the disk. Others therefore see a whole file
/// or none, whenever this process or the machine ends. Of two processes that write at a time, the later one's file stays;
/// both go on with their own.
final class PackedFileWriter {
    private let path: String
    private let temporaryPath: String
    private let header: PackedHeader
    private let descriptor: Int32

    init(path: String, header: PackedHeader, payload: Int) throws(PackedFileError) {
        self.path = path
        self.header = header
        let split = path.lastIndex(of: "/") ?? path.startIndex
        guard Self.makeDirectory(String(path[..<split])) else { throw Self.unwritable(path, errno) }
        Self.removeAbandoned(besides: path)

        temporaryPath = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max))\(Self.temporarySuffix)"
        descriptor = Self.open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.unwritable(path, errno) }
        // Held as long as the descriptor is open: it tells the file of a running process from one that was left behind.
        // Only then does the file get a size; see removeAbandoned(besides:).
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
        let code = Self.allocate(descriptor, header.bytes.count + payload)
        guard code == 0 else {
            unsafe unlink(temporaryPath)
            throw Self.unwritable(path, code)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Writes a part of the payload.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(PackedFileError) {
        let code = unsafe Self.write(bytes, at: header.bytes.count + offset, to: descriptor)
        guard code == 0 else {
            unsafe unlink(temporaryPath)
            throw Self.unwritable(path, code)
        }
    }

    /// Maps what was written.
    func map() throws(PackedFileError) -> MappedFile {
        do {
            return try MappedFile(path: temporaryPath)
        } catch {
            unsafe unlink(temporaryPath)
            throw .unwritable(path: path, reason: error.problem)
        }
    }

    /// Brings everything to the disk, in the background, and gives the file its name.
    func publish() -> PackedPublication {
        PackedPublication(path: path) { [self] in
            let code = moveIntoPlace()
            guard code != 0 else { return nil }
            unsafe unlink(temporaryPath)
            return Self.unwritable(path, code)
        }
    }

    private func moveIntoPlace() -> Int32 {
        // In this order: a header on the disk means that what it speaks of is there too.
        guard fsync(descriptor) == 0 else { return errno }
        let code = unsafe header.bytes.withUnsafeBytes { unsafe Self.write($0, at: 0, to: descriptor) }
        guard code == 0 else { return code }
        guard fsync(descriptor) == 0, unsafe rename(temporaryPath, path) == 0 else { return errno }
        return 0
    }

    // MARK: The system; where a code is returned, it is the error's or 0

    private static func unwritable(_ path: String, _ code: Int32) -> PackedFileError {
        .unwritable(path: path, reason: unsafe String(cString: strerror(code)))
    }

    private static let temporarySuffix = ".part"

    private static func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
        #if canImport(Glibc)
            unsafe Glibc.open(path, flags, mode)
        #else
            unsafe Darwin.open(path, flags, mode)
        #endif
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, to descriptor: Int32) -> Int32 {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return written < 0 ? errno : ENOSPC }
            done += written
        }
        return 0
    }

    /// Sets space aside, so that a full disk is found out before the work.
    private static func allocate(_ descriptor: Int32, _ byteCount: Int) -> Int32 {
        #if canImport(Glibc)
            return posix_fallocate(descriptor, 0, off_t(byteCount))
        #else
            return ftruncate(descriptor, off_t(byteCount)) == 0 ? 0 : errno
        #endif
    }

    /// Makes a directory and those above it, for this user alone.
    private static func makeDirectory(_ path: String) -> Bool {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let split = path.lastIndex(of: "/"), split > path.startIndex else { return false }
        return makeDirectory(String(path[..<split])) && (unsafe mkdir(path, 0o700) == 0 || errno == EEXIST)
    }

    /// Removes what processes that ended too soon left beside a file.
    private static func removeAbandoned(besides path: String) {
        let split = path.lastIndex(of: "/") ?? path.startIndex
        let directory = String(path[..<split])
        let prefix = path[path.index(after: split)...] + "."
        guard let listing = unsafe opendir(directory) else { return }
        defer { unsafe closedir(listing) }
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(prefix), name.hasSuffix(temporarySuffix) else { continue }
            let other = open("\(directory)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0)
            guard other >= 0 else { continue }
            defer { close(other) }
            // An empty one may be that of a process which is about to lock it.
            var status = stat()
            guard unsafe fstat(other, &status) == 0, status.st_size > 0, flock(other, LOCK_EX | LOCK_NB) == 0 else {
                continue
            }
            unsafe unlink("\(directory)/\(name)")
        }
    }
}

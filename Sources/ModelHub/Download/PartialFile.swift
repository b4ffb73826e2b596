// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// The part of a file that has arrived, on disk and checked as far as it goes.
///
/// It is called after the file and its checksum, `config.json.0123456789abcdef.part`, and so is never taken for a part of
/// another version. It is never longer than the file that was announced.
struct PartialFile: ~Copyable {
    static let suffix = ".part"

    private let file: HubFile
    private let path: String
    private let descriptor: FileDescriptor
    private var checksum: ChecksumFunction
    /// Bytes that are there.
    private(set) var count = 0

    private init(of file: HubFile, path: String, descriptor: FileDescriptor) {
        self.file = file
        self.path = path
        self.descriptor = descriptor
        checksum = ChecksumFunction(for: file.checksum, size: file.size)
    }

    deinit {
        try? descriptor.close()
    }

    /// Opens the part that is in `directory`, or begins one.
    static func open(_ file: HubFile, in directory: URL) throws -> PartialFile {
        let path = url(of: file, in: directory).path
        let descriptor: FileDescriptor
        do {
            descriptor = try unsafe FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
        } catch {
            throw HubError(disk: path, error)
        }
        var partial = PartialFile(of: file, path: path, descriptor: descriptor)
        try partial.readWhatIsThere()
        return partial
    }

    static func url(of file: HubFile, in directory: URL) -> URL {
        directory.appending(path: "\(file.path).\(file.checksum.description.prefix(16))\(suffix)")
    }

    var isWhole: Bool { count == file.size }
    var isRight: Bool { isWhole && checksum.isRight }

    /// Adds bytes, of which there must not be more than were announced.
    mutating func append(_ bytes: [UInt8]) throws {
        precondition(bytes.count <= file.size - count)
        do {
            try descriptor.writeAll(bytes)
        } catch {
            throw HubError(disk: path, error)
        }
        checksum.update(bytes)
        count += bytes.count
    }

    /// Throws away what is there.
    mutating func restart() throws {
        do {
            try descriptor.resize(to: 0)
            try descriptor.seek(offset: 0, from: .start)
        } catch {
            throw HubError(disk: path, error)
        }
        checksum = ChecksumFunction(for: file.checksum, size: file.size)
        count = 0
    }

    /// Removes the file, of which nothing is of use.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Gives the file its name, once all of it is on the disk.
    consuming func moveIntoPlace(in directory: URL) throws {
        precondition(isWhole)
        let target = directory.appending(path: file.path.description).path
        guard fsync(descriptor.rawValue) == 0, unsafe rename(path, target) == 0 else {
            throw HubError(disk: target, Errno(rawValue: errno))
        }
    }

    private mutating func readWhatIsThere() throws {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        do {
            while true {
                try Task.checkCancellation()
                let read = try unsafe bytes.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
                if read == 0 { return }
                guard read <= file.size - count else { break }
                checksum.update(Array(bytes[..<read]))
                count += read
            }
        } catch let error as Errno {
            throw HubError(disk: path, error)
        }
        // Longer than the file: it is something else.
        try restart()
    }
}

extension HubError {
    init(disk path: String, _ error: any Error) {
        let reason =
            switch error {
            case Errno.noSpace: "the disk is full; the same command continues once there is space"
            case let error as Errno: error.description.lowercased()
            case let error as CocoaError: error.underlying?.localizedDescription ?? error.localizedDescription
            default: "\(error)"
            }
        self = .disk(path: path, reason: reason)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// The hidden directory in which a model comes together, `organization/.model.download`, and the only process in it.
final class StagingDirectory: Sendable {
    let url: URL
    private let name: ModelName
    private let models: ModelsDirectory
    private let descriptor: FileDescriptor

    /// Opens what was left there, or makes a new one.
    ///
    /// Throws ``HubError/busy(_:)`` if another process has it.
    init(for name: ModelName, in models: ModelsDirectory) throws {
        self.name = name
        self.models = models
        url = Self.url(for: name, in: models)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            descriptor = try unsafe FileDescriptor.open(
                url.path,
                .readOnly,
                options: [.directory, .closeOnExec, .noFollow]
            )
        } catch {
            throw HubError(disk: url.path, error)
        }
        // Held as long as the descriptor is open, however the process ends.
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else { throw HubError.busy(name) }
    }

    deinit {
        try? descriptor.close()
    }

    static func isThere(for name: ModelName, in models: ModelsDirectory) -> Bool {
        ModelsDirectory.isDirectory(url(for: name, in: models).path)
    }

    private static func url(for name: ModelName, in models: ModelsDirectory) -> URL {
        models.folder(of: name).appending(path: ".\(name.model).download", directoryHint: .isDirectory)
    }

    /// Removes what is not one of `files`, nor a part of one, and makes their folders.
    ///
    /// Files that are whole become parts again, so that they are checked like all others.
    func keepOnly(_ files: [HubFile]) throws {
        do {
            for file in files {
                let whole = url.appending(path: file.path.description)
                let part = PartialFile.url(of: file, in: url)
                let folder = whole.deletingLastPathComponent()
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                if ModelsDirectory.size(whole) == file.size {
                    try? FileManager.default.removeItem(at: part)
                    try FileManager.default.moveItem(at: whole, to: part)
                }
            }
            let kept = Set(files.map { PartialFile.url(of: $0, in: url).path })
            let folders = Set(files.map { PartialFile.url(of: $0, in: url).deletingLastPathComponent().path })
            for folder in folders.union([url.path]) {
                for item in try FileManager.default.contentsOfDirectory(atPath: folder) {
                    let path = URL(filePath: folder).appending(path: item).path
                    if !kept.contains(path), !folders.contains(path) {
                        try FileManager.default.removeItem(atPath: path)
                    }
                }
            }
        } catch {
            throw HubError(disk: url.path, error)
        }
    }

    /// How many bytes of `files` are there.
    func bytes(of files: [HubFile]) throws -> Int {
        files.reduce(0) { sum, file in
            let count = ModelsDirectory.size(PartialFile.url(of: file, in: url)) ?? 0
            return sum + (count <= file.size ? count : 0)
        }
    }

    /// Throws ``HubError/noSpace(directory:needed:free:)`` if the disk has no room for so many bytes.
    func requireSpace(for bytes: Int) throws {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: url.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue, free < bytes else { return }
        throw HubError.noSpace(directory: models.url.path, needed: bytes, free: free)
    }

    /// Makes this the model's directory; a version that was there before is removed.
    func publish(_ record: ModelRecord) throws {
        let location = models.location(of: name)
        do {
            try record.write(to: url)
        } catch {
            throw HubError(disk: url.path, error)
        }
        _ = fsync(descriptor.rawValue)
        let isThere = (try? FileManager.default.attributesOfItem(atPath: location.path)) != nil
        if isThere { try models.discard(location) }
        guard unsafe rename(url.path, location.path) == 0 else {
            throw HubError(disk: location.path, Errno(rawValue: errno))
        }
    }
}

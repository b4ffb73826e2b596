// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Where downloaded models are, each in the directory that its name says: `organization/model`.
package struct ModelsDirectory: Sendable {
    package static let environmentKey = "DARKROOM_MODELS_DIRECTORY"

    package let url: URL

    package init(_ path: String) {
        url = URL(filePath: path, directoryHint: .isDirectory).absoluteURL.standardizedFileURL
    }

    /// The one that the environment says, or nil if it says none.
    package init?(environment: [String: String]) {
        if let path = environment[Self.environmentKey], !path.isEmpty {
            self.init(path)
            return
        }
        // The XDG base directory specification: a path that is not absolute does not count.
        let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard let base = data ?? home.map({ "\($0)/.local/share" }) else { return nil }
        self.init("\(base)/darkroom/models")
    }

    /// Where a model is, or would be.
    package func location(of name: ModelName) -> URL {
        folder(of: name).appending(path: name.model, directoryHint: .isDirectory)
    }

    /// The path of a model that is here.
    package func path(of name: ModelName) -> String? {
        let path = location(of: name).path
        return Self.isDirectory(path) ? path : nil
    }

    /// All models, by name.
    package func models() -> [InstalledModel] {
        Self.visibleNames(in: url).flatMap { organization in
            Self.visibleNames(in: url.appending(path: organization)).compactMap { model in
                ModelName("\(organization)/\(model)").flatMap { InstalledModel($0, at: location(of: $0)) }
            }
        }.sorted { $0.name < $1.name }
    }

    /// Removes a model, and what there is of a download that did not end.
    package func remove(_ name: ModelName) throws {
        let location = location(of: name)
        let isThere = (try? FileManager.default.attributesOfItem(atPath: location.path)) != nil
        guard isThere || StagingDirectory.isThere(for: name, in: self) else {
            throw HubError.notInstalled(name, directory: url.path)
        }
        // It holds the lock, so no download of the model is going on.
        let staging = try StagingDirectory(for: name, in: self)
        if isThere { try discard(location) }
        try discard(staging.url)
        // Fails as it should if other models are in it.
        _ = unsafe rmdir(folder(of: name).path)
    }

    /// Whether a model is here with just these files.
    func contains(_ record: ModelRecord) throws -> Bool {
        let location = location(of: record.name)
        guard (try? FileManager.default.attributesOfItem(atPath: location.path)) != nil else { return false }
        guard let known = ModelRecord(directory: location) else { throw HubError.occupied(path: location.path) }
        return known == record
            && record.files.allSatisfy { path, file in Self.size(location.appending(path: path)) == file.size }
    }

    func folder(of name: ModelName) -> URL {
        url.appending(path: name.organization, directoryHint: .isDirectory)
    }

    /// Removes a file or directory, which is gone by its name at once and not bit by bit.
    func discard(_ item: URL) throws {
        let hidden = item.deletingLastPathComponent().appending(path: ".\(UUID().uuidString).removed")
        do {
            try FileManager.default.moveItem(at: item, to: hidden)
            try FileManager.default.removeItem(at: hidden)
        } catch {
            throw HubError(disk: item.path, error)
        }
    }

    /// The size of a file, or nil if there is none.
    static func size(_ file: URL) -> Int? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return (attributes[.size] as? NSNumber)?.intValue
    }

    static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    private static func visibleNames(in directory: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).filter { !$0.hasPrefix(".") }
    }
}

/// A model in the models directory.
package struct InstalledModel: Sendable {
    package let name: ModelName
    package let directory: URL
    /// Nil for models that were put there by hand.
    package let commit: CommitID?
    package let bytes: Int

    /// Nil for a directory that is no model's.
    init?(_ name: ModelName, at directory: URL) {
        let folders = DiffusersFolder.allCases.map { directory.appending(path: $0.rawValue) }
        guard folders.contains(where: { ModelsDirectory.isDirectory($0.path) }) else { return nil }
        self.name = name
        self.directory = directory
        commit = ModelRecord(directory: directory)?.commit
        bytes = (folders + [directory]).reduce(0) { sum, folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.reduce(sum) { $0 + (ModelsDirectory.size(folder.appending(path: $1)) ?? 0) }
        }
    }
}

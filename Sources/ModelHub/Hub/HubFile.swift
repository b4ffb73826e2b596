// SPDX-License-Identifier: Apache-2.0

/// A file of a model as the hub announces it, before any of it was sent.
package struct HubFile: Sendable, Equatable {
    package let path: RepositoryPath
    /// In bytes.
    package let size: Int
    package let checksum: Checksum
}

/// A line of a hub's list of files.
struct TreeEntry: Decodable {
    struct LargeFile: Decodable {
        var oid: String
        var size: Int
    }

    var type: String
    var path: String
    var size: Int?
    var oid: String?
    /// What the repository holds only a pointer to.
    var lfs: LargeFile?
}

extension HubFile {
    /// Nil for folders, and for names that no file has which Darkroom reads.
    init?(_ entry: TreeEntry) throws(HubError) {
        guard entry.type == "file", let path = RepositoryPath(entry.path) else { return nil }
        let size = entry.lfs?.size ?? entry.size
        guard let size, size >= 0 else {
            throw .badAnswer(subject: "\(path)", problem: "it has no size")
        }
        let checksum = entry.lfs.map { Checksum(sha256: $0.oid) } ?? entry.oid.flatMap { Checksum(gitBlob: $0) }
        guard let checksum else {
            throw .badAnswer(subject: "\(path)", problem: "it has no checksum")
        }
        self.init(path: path, size: size, checksum: checksum)
    }
}

/// Where a file is in a model: `model_index.json` or `unet/config.json`.
///
/// Such a path leads nowhere else when it is put behind a directory's.
package struct RepositoryPath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Nil for the files beside the folders.
    package let folder: String?
    package let name: String

    /// Nil for paths of more than one folder, or with anything in them but letters, digits and `-_.`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isPart) else { return nil }
        folder = parts.count == 2 ? String(parts[0]) : nil
        name = String(parts[parts.count - 1])
    }

    package var description: String { folder.map { "\($0)/\(name)" } ?? name }

    package static func < (one: RepositoryPath, other: RepositoryPath) -> Bool {
        one.description < other.description
    }

    private static func isPart(_ part: Substring) -> Bool {
        (1...128).contains(part.utf8.count) && part.utf8.allSatisfy(\.isPlainNameByte) && !part.hasPrefix(".")
    }
}

/// What names a state of a model's files for good: 40 hexadecimal digits.
package struct CommitID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        guard let digits = HexadecimalDigits(text, count: 40) else { return nil }
        description = digits.text
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is known of a model that was downloaded: a small file in its directory.
struct ModelRecord: Equatable {
    static let fileName = ".darkroom.json"

    let name: ModelName
    let commit: CommitID
    let endpoint: String
    /// Path and checksum of each file.
    let files: [String: File]

    struct File: Codable, Equatable {
        var size: Int
        var checksum: String
    }

    var bytes: Int { files.values.reduce(0) { $0 + $1.size } }

    init(name: ModelName, commit: CommitID, endpoint: HubEndpoint, files: [HubFile]) {
        self.name = name
        self.commit = commit
        self.endpoint = endpoint.description
        self.files = Dictionary(
            files.map { ($0.path.description, File(size: $0.size, checksum: $0.checksum.description)) }
        ) { $1 }
    }

    /// The record in a model's directory, or nil if it has none.
    init?(directory: URL) {
        guard let data = try? Data(contentsOf: directory.appending(path: Self.fileName)),
            let record = try? JSONDecoder().decode(ModelRecord.self, from: data)
        else { return nil }
        self = record
    }

    func write(to directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: directory.appending(path: Self.fileName), options: .atomic)
    }
}

extension ModelRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case name
        case commit
        case endpoint
        case files
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let name = ModelName(try container.decode(String.self, forKey: .name)) else {
            throw DecodingError.dataCorruptedError(forKey: .name, in: container, debugDescription: "not a name")
        }
        guard let commit = CommitID(try container.decode(String.self, forKey: .commit)) else {
            throw DecodingError.dataCorruptedError(forKey: .commit, in: container, debugDescription: "not a commit")
        }
        self.name = name
        self.commit = commit
        endpoint = try container.decode(String.self, forKey: .endpoint)
        files = try container.decode([String: File].self, forKey: .files)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name.description, forKey: .name)
        try container.encode(commit.description, forKey: .commit)
        try container.encode(endpoint, forKey: .endpoint)
        try container.encode(files, forKey: .files)
    }
}

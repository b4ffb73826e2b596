// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
package import Foundation

/// Brings a model from a hub into the models directory.
///
/// The files go to a hidden directory beside the model's, which takes its place once all of them are there and checked.
/// What was begun stays there if something fails, and the next download goes on with it.
package struct ModelDownload: Sendable {
    package var name: ModelName
    /// A branch, a tag or a commit.
    package var revision = "main"
    /// The weights to take; by default fp16 for every network that has it.
    package var variant: WeightVariant?
    package var endpoint: HubEndpoint
    package var token: HubToken?
    package var retry = RetryPolicy()

    /// Files that are downloaded at the same time.
    private static let concurrentFiles = 4

    package init(name: ModelName, endpoint: HubEndpoint, token: HubToken? = nil) {
        self.name = name
        self.endpoint = endpoint
        self.token = token
    }

    /// Downloads the model, unless it is there already.
    ///
    /// Throws ``HubError``, or what `check` throws.
    ///
    /// - Parameter check: looks at the model's configuration, in a directory, before the large files are downloaded.
    package func run(
        into models: ModelsDirectory,
        check: (URL) throws -> Void,
        onEvent: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> PulledModel {
        try await HTTPClient.withHTTPClient(configuration: HubTransport.configuration) { client in
            let transport = HubTransport(client: client, endpoint: endpoint, token: token)
            let hub = HubAPI(transport: transport, retry: retry, onEvent: onEvent)
            let commit = try await hub.commit(of: name, revision: revision)
            let plan = try await DownloadPlan(name, hub.files(of: name, at: commit), variant: variant)
            let record = ModelRecord(name: name, commit: commit, endpoint: endpoint, files: plan.files)
            if try models.contains(record) {
                return PulledModel(record, directory: models.location(of: name), isNew: false)
            }

            let staging = try StagingDirectory(for: name, in: models)
            try staging.keepOnly(plan.files)
            let kept = try staging.bytes(of: plan.files)
            try staging.requireSpace(for: plan.bytes - kept)
            onEvent(.planned(commit: commit, files: plan.files.count, bytes: plan.bytes, kept: kept))
            let progress = PullProgress(done: kept, total: plan.bytes, onEvent: onEvent)
            func download(_ files: [HubFile]) async throws {
                try await Self.concurrently(files) { file in
                    try await FileDownload(
                        file: file,
                        url: endpoint.file(file.path, of: name, at: commit),
                        directory: staging.url,
                        transport: transport,
                        retry: retry,
                        progress: progress
                    ).run()
                }
            }
            try await download(plan.configuration)
            try check(staging.url)
            try await download(plan.weights)
            try staging.publish(record)
            return PulledModel(record, directory: models.location(of: name), isNew: true)
        }
    }

    /// Does `body` for all files, few of them at a time; the first error ends all.
    private static func concurrently(
        _ files: [HubFile],
        _ body: @escaping @Sendable (HubFile) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, file) in files.enumerated() {
                if index >= concurrentFiles { _ = try await group.next() }
                group.addTask { try await body(file) }
            }
            try await group.waitForAll()
        }
    }
}

/// A model that is where it belongs.
package struct PulledModel: Sendable {
    package let name: ModelName
    package let commit: CommitID
    package let directory: URL
    package let files: Int
    package let bytes: Int
    /// Whether it was not there before, in just this version.
    package let isNew: Bool

    init(_ record: ModelRecord, directory: URL, isNew: Bool) {
        name = record.name
        commit = record.commit
        files = record.files.count
        bytes = record.bytes
        self.directory = directory
        self.isNew = isNew
    }
}

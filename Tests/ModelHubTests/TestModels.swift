// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestHub
import Testing

@testable import ModelHub

/// A models directory of its own for one test, and downloads into it that do not wait.
final class TestModels: Sendable {
    let directory: ModelsDirectory
    private let log = Log()

    private final class Log: Sendable {
        let events = Mutex<[PullEvent]>([])
        let delays = Mutex<[Duration]>([])
    }

    init() {
        directory = ModelsDirectory(
            FileManager.default.temporaryDirectory.appending(path: "darkroom-\(UUID().uuidString)").path
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: directory.url)
    }

    static let name = ModelName(TestHub.name).unsafelyKnown

    var events: [PullEvent] { log.events.withLock { $0 } }
    /// How long it was to wait between attempts.
    var delays: [Duration] { log.delays.withLock { $0 } }

    /// Downloads the hub's model.
    @discardableResult
    func pull(
        from hub: TestHub,
        revision: String = "main",
        variant: WeightVariant? = nil,
        token: String? = nil,
        name: ModelName = TestModels.name,
        check: (URL) throws -> Void = { _ in }
    ) async throws -> PulledModel {
        let endpoint = try #require(HubEndpoint(hub.address))
        var download = ModelDownload(name: name, endpoint: endpoint, token: token.flatMap { HubToken($0) })
        download.revision = revision
        download.variant = variant
        download.retry.sleep = { [log] delay in log.delays.withLock { $0.append(delay) } }
        return try await download.run(into: directory, check: check) { [log] event in
            log.events.withLock { $0.append(event) }
        }
    }

    /// What is in the models directory: the paths of all files, hidden ones too, and their bytes.
    func contents() throws -> [String: [UInt8]] {
        guard FileManager.default.fileExists(atPath: directory.url.path) else { return [:] }
        var contents: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory.url.path) {
            let file = directory.url.appending(path: path)
            guard ModelsDirectory.size(file) != nil else { continue }
            contents[path] = Array(try Data(contentsOf: file))
        }
        return contents
    }

    /// The model's files as they were installed.
    func installed() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (path, bytes) in try contents() where path.hasPrefix("\(TestHub.name)/") {
            files[String(path.dropFirst(TestHub.name.count + 1))] = bytes
        }
        files[ModelRecord.fileName] = nil
        return files
    }

    /// The part of a file that an unfinished download left.
    func part(of path: String) throws -> [UInt8]? {
        try contents().first { $0.key.hasPrefix("org/.model.download/\(path).") && $0.key.hasSuffix(".part") }?.value
    }

    /// Waits until a condition holds.
    func wait(until condition: () throws -> Bool) async throws {
        while try !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }
}

extension Optional {
    /// A value that is there by construction; the test process ends if it is not.
    fileprivate var unsafelyKnown: Wrapped {
        guard let self else { preconditionFailure("a constant of the tests is wrong") }
        return self
    }
}

/// The files that are downloaded of ``TestFile/model`` by default.
let modelFiles: Set<String> = configurationFiles.union(weightFiles)

let configurationFiles: Set<String> = [
    "model_index.json", "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt",
    "tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json", "text_encoder/config.json",
    "unet/config.json", "vae/config.json",
]

let weightFiles: Set<String> = [
    "text_encoder/model.fp16.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors",
    "vae/diffusion_pytorch_model.fp16.safetensors",
]

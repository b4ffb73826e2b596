// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestHub
import Testing

@testable import ModelHub

/// Downloads from a hub that does nothing wrong.
@Suite struct DownloadTests {
    @Test func `a model arrives whole, with nothing that is not read`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            let model = try await models.pull(from: hub)
            #expect(model.isNew)
            #expect(model.commit.description == TestHub.commit)
            #expect(model.directory.path == models.directory.url.appending(path: "org/model").path)
            let installed = try models.installed()
            #expect(Set(installed.keys) == modelFiles)
            for (path, bytes) in installed { #expect(bytes == TestFile.model[path]?.bytes, "\(path)") }
            #expect(model.files == modelFiles.count)
            #expect(model.bytes == installed.values.reduce(0) { $0 + $1.count })
            #expect(hub.received.filter { $0.path.contains("/resolve/") }.allSatisfy { $0.range == nil })
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: models.directory.folder(of: TestModels.name).path)
                    == ["model"]
            )
        }
    }

    @Test func `what is there is not downloaded again`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            try await models.pull(from: hub)
            let requests = hub.received.count
            #expect(try await models.pull(from: hub).isNew == false)
            #expect(hub.received.dropFirst(requests).allSatisfy { $0.path.hasPrefix("/api/") })
        }
    }

    @Test func `a model whose files changed is replaced by the new version`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            try await models.pull(from: hub)
            hub.change("unet/config.json") { $0.bytes = Array("new".utf8) }
            hub.remove("tokenizer/tokenizer_config.json")
            #expect(try await models.pull(from: hub).isNew)
            let installed = try models.installed()
            #expect(installed["unet/config.json"] == Array("new".utf8))
            #expect(Set(installed.keys) == modelFiles.subtracting(["tokenizer/tokenizer_config.json"]))
        }
    }

    @Test func `a revision with a slash in its name is one revision`() async throws {
        try await withTestHub { hub async throws in
            #expect(try await TestModels().pull(from: hub, revision: TestHub.branch).isNew)
        }
    }

    @Test func `the weights without a variant are downloaded if they are asked for`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            try await models.pull(from: hub, variant: .plain)
            let expected = weightFiles.map { $0.replacing(".fp16", with: "") }
            #expect(Set(try models.installed().keys) == configurationFiles.union(expected))
        }
    }

    @Test func `a token goes to the hub and to nobody else`() async throws {
        try await withTestHub { hub async throws in
            try await TestModels().pull(from: hub, token: "hf_secret")
            for request in hub.received {
                #expect(request.authorization == (request.isForLargeFiles ? nil : "Bearer hf_secret"))
            }
            #expect(hub.received.contains { $0.isForLargeFiles })
        }
    }

    @Test func `the configuration is checked before the weights are downloaded`() async throws {
        struct WrongKind: Error {}
        try await withTestHub { hub async throws in
            let models = TestModels()
            await #expect(throws: WrongKind.self) {
                try await models.pull(from: hub) { directory in
                    let text = try Data(contentsOf: directory.appending(path: "unet/config.json"))
                    #expect(Array(text) == TestFile.model["unet/config.json"]?.bytes)
                    throw WrongKind()
                }
            }
            #expect(hub.received.allSatisfy { !$0.path.hasSuffix(".safetensors") })
            #expect(try models.installed().isEmpty)
        }
    }

    @Test func `four files are downloaded at a time`() async throws {
        try await withTestHub { hub async throws in
            let gate = TestGate()
            for path in configurationFiles { hub.change(path) { $0.faults = [.hold(after: 0, gate)] } }
            func requests() -> Int { hub.received.count { $0.path.contains("/resolve/") } }
            let models = TestModels()
            async let model = models.pull(from: hub)
            try await models.wait { requests() >= 4 }
            for _ in 0..<1_000 { await Task.yield() }
            #expect(requests() == 4)
            gate.open()
            #expect(try await model.isNew)
        }
    }

    @Test func `the last progress that is told is all of it`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            let model = try await models.pull(from: hub)
            #expect(models.events.last == .progress(done: model.bytes, total: model.bytes))
            #expect(
                models.events.first
                    == .planned(commit: model.commit, files: model.files, bytes: model.bytes, kept: 0)
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestHub
import Testing

@testable import ModelHub

/// The directory that models are kept in.
@Suite struct ModelsDirectoryTests {
    @Test(arguments: [
        (["DARKROOM_MODELS_DIRECTORY": "/m", "XDG_DATA_HOME": "/d", "HOME": "/h"], "/m"),
        (["DARKROOM_MODELS_DIRECTORY": "", "XDG_DATA_HOME": "/d", "HOME": "/h"], "/d/darkroom/models"),
        (["XDG_DATA_HOME": "relative", "HOME": "/h"], "/h/.local/share/darkroom/models"),
        (["XDG_DATA_HOME": "relative"], nil),
        ([:], nil),
    ])
    func `the environment says where it is`(environment: [String: String], path: String?) {
        #expect(ModelsDirectory(environment: environment)?.url.path == path)
    }

    @Test func `models are listed by name, and nothing that is no model`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            let pulled = try await models.pull(from: hub)
            for path in ["org/empty", "org/.hidden/unet", "a/hand-made/unet", "a/b/c/unet"] {
                try FileManager.default.createDirectory(
                    at: models.directory.url.appending(path: path),
                    withIntermediateDirectories: true
                )
            }
            let list = models.directory.models()
            #expect(list.map(\.name.description) == ["a/hand-made", "org/model"])
            #expect(list.map(\.commit) == [nil, pulled.commit])
            #expect(try #require(list.last).bytes >= pulled.bytes)
            #expect(models.directory.path(of: TestModels.name) == pulled.directory.path)
        }
    }

    @Test func `removing a model leaves nothing of it, and the others`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            let other = models.directory.url.appending(path: "org/other/unet")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
            try await models.pull(from: hub)
            try models.directory.remove(TestModels.name)
            #expect(try models.contents().isEmpty)
            #expect(models.directory.models().map(\.name.description) == ["org/other"])
            #expect(throws: HubError.notInstalled(TestModels.name, directory: models.directory.url.path)) {
                try models.directory.remove(TestModels.name)
            }
        }
    }

    @Test func `removing a model that did not arrive removes its parts`() async throws {
        try await withTestHub { hub async throws in
            hub.change("unet/config.json") { $0.faults = [.status(404)] }
            let models = TestModels()
            await #expect(throws: HubError.self) { try await models.pull(from: hub) }
            #expect(models.directory.path(of: TestModels.name) == nil)
            try models.directory.remove(TestModels.name)
            #expect(try FileManager.default.contentsOfDirectory(atPath: models.directory.url.path).isEmpty)
        }
    }

    @Test func `two processes do not download a model at the same time`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            let staging = try StagingDirectory(for: TestModels.name, in: models.directory)
            await #expect(throws: HubError.busy(TestModels.name)) { try await models.pull(from: hub) }
            #expect(throws: HubError.busy(TestModels.name)) { try models.directory.remove(TestModels.name) }
            withExtendedLifetime(staging) {}
        }
    }

    @Test func `a directory that was put there by hand is not replaced`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            let directory = models.directory.location(of: TestModels.name)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            await #expect(throws: HubError.occupied(path: directory.path)) { try await models.pull(from: hub) }
        }
    }

    @Test func `a models directory that cannot be made is one clear error`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            try Data("a file".utf8).write(to: models.directory.url)
            await #expect {
                try await models.pull(from: hub)
            } throws: {
                guard case HubError.disk(let path, _) = $0 else { return false }
                return path.hasPrefix(models.directory.url.path)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestHub
import Testing

@testable import ModelHub

/// Downloads that are interrupted and go on.
@Suite struct ResumptionTests {
    private static let path = "unet/diffusion_pytorch_model.fp16.safetensors"

    private var size: Int { TestFile.model[Self.path]?.bytes.count ?? 0 }

    /// Sends a part of the file and, when it is on the disk with what was there before, no more.
    private func loss(after count: Int, of models: TestModels, before: Int = 0) -> TestFault {
        .loseConnection(after: count) {
            try await models.wait { try models.part(of: Self.path)?.count == before + count }
        }
    }

    /// The parts of the file that the second server was asked for.
    private func ranges(_ hub: TestHub) -> [String?] {
        hub.requests(for: Self.path).filter(\.isForLargeFiles).map(\.range)
    }

    @Test func `a lost connection is taken up where it was lost`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) {
                $0.faults = [
                    loss(after: 100_000, of: models), loss(after: 50_000, of: models, before: 100_000),
                    loss(after: 0, of: models, before: 150_000),
                ]
            }
            try await models.pull(from: hub)
            #expect(ranges(hub) == [nil, "bytes=100000-", "bytes=150000-", "bytes=150000-"])
            #expect(try models.installed()[Self.path] == TestFile.model[Self.path]?.bytes)
            #expect(models.delays.count == 3)
        }
    }

    @Test func `what was begun is gone on with by the next download`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) {
                $0.faults = [loss(after: 70_000, of: models)] + Array(repeating: .status(500), count: 4)
            }
            await #expect {
                try await models.pull(from: hub)
            } throws: {
                guard case HubError.gaveUp(let subject, _) = $0 else { return false }
                return subject == Self.path
            }
            #expect(try models.part(of: Self.path)?.count == 70_000)
            #expect(try models.installed().isEmpty)
            #expect(models.directory.models().isEmpty)

            let before = ranges(hub).count
            let model = try await models.pull(from: hub)
            #expect(Array(ranges(hub).dropFirst(before)) == ["bytes=70000-"])
            #expect(try models.installed()[Self.path] == TestFile.model[Self.path]?.bytes)
            let kept = models.events.compactMap { event -> Int? in
                guard case .planned(_, _, _, let kept) = event else { return nil }
                return kept
            }
            #expect(kept.first == 0)
            #expect(try #require(kept.last) >= 70_000)
            #expect(models.events.last == .progress(done: model.bytes, total: model.bytes))
        }
    }

    @Test func `a download that is cancelled leaves what can be resumed`() async throws {
        try await withTestHub { hub async throws in
            let gate = TestGate()
            defer { gate.open() }
            hub.change(Self.path) { $0.faults = [.hold(after: 80_000, gate)] }
            let models = TestModels()
            let task = Task { try await models.pull(from: hub) }
            try await models.wait { try models.part(of: Self.path)?.count == 80_000 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await models.pull(from: hub)
            #expect(ranges(hub) == [nil, "bytes=80000-"])
            #expect(try models.installed()[Self.path] == TestFile.model[Self.path]?.bytes)
        }
    }

    @Test func `files that arrived before are checked and not downloaded again`() async throws {
        try await withTestHub { hub async throws in
            hub.change(Self.path) { $0.faults = [.status(404)] }
            let models = TestModels()
            await #expect(throws: HubError.status(subject: Self.path, 404)) { try await models.pull(from: hub) }
            let before = hub.received.count
            try await models.pull(from: hub)
            let again = hub.received.dropFirst(before).map(\.path)
            #expect(!again.contains { $0.hasSuffix(".json") && $0.contains("/resolve/") })
            #expect(Set(try models.installed().keys) == modelFiles)
        }
    }

    @Test func `a hub that ignores the range sends the file from its beginning`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) { $0.faults = [loss(after: 100_000, of: models), .ignoreRange] }
            let model = try await models.pull(from: hub)
            #expect(ranges(hub) == [nil, "bytes=100000-"])
            #expect(try models.installed()[Self.path] == TestFile.model[Self.path]?.bytes)
            #expect(models.events.last == .progress(done: model.bytes, total: model.bytes))
        }
    }

    @Test func `a part that was not asked for is not taken`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) { $0.faults = [loss(after: 100_000, of: models), .shiftRange] }
            try await models.pull(from: hub)
            #expect(ranges(hub) == [nil, "bytes=100000-", nil])
            #expect(try models.installed()[Self.path] == TestFile.model[Self.path]?.bytes)
        }
    }

    @Test func `a part that was damaged on disk is downloaded again`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) {
                $0.faults = [loss(after: 70_000, of: models)] + Array(repeating: .status(503), count: 4)
            }
            await #expect(throws: HubError.self) { try await models.pull(from: hub) }
            let part = try #require(try models.contents().keys.first { $0.contains(Self.path) })
            try Data(repeating: 7, count: 60_000).write(to: models.directory.url.appending(path: part))
            let before = ranges(hub).count
            try await models.pull(from: hub)
            #expect(Array(ranges(hub).dropFirst(before)) == ["bytes=60000-", nil])
            #expect(try models.installed()[Self.path] == TestFile.model[Self.path]?.bytes)
        }
    }

    @Test func `a part of another version is not taken for a part of this one`() async throws {
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) {
                $0.faults = [loss(after: 70_000, of: models)] + Array(repeating: .status(503), count: 4)
            }
            await #expect(throws: HubError.self) { try await models.pull(from: hub) }
            let new = TestFile.noise(200_000, seed: 99)
            hub.change(Self.path) { $0.bytes = new }
            let before = ranges(hub).count
            try await models.pull(from: hub)
            #expect(Array(ranges(hub).dropFirst(before)) == [nil])
            #expect(try models.installed()[Self.path] == new)
        }
    }

    @Test func `attempts that bring much do not use up patience`() async throws {
        let large = TestFile.noise(9 << 20, seed: 5)
        try await withTestHub { hub async throws in
            let models = TestModels()
            hub.change(Self.path) {
                $0.bytes = large
                $0.faults = (0..<8).map { loss(after: 1 << 20, of: models, before: $0 << 20) }
            }
            try await models.pull(from: hub)
            #expect(models.delays.count == 8)
            #expect(try models.installed()[Self.path] == large)
        }
    }
}

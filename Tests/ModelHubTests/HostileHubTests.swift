// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestHub
import Testing

@testable import ModelHub

/// Hubs that are busy, broken or hostile.
@Suite struct HostileHubTests {
    private static let path = "unet/diffusion_pytorch_model.fp16.safetensors"

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func `a busy hub is asked again`(status: Int) async throws {
        try await withTestHub { hub async throws in
            hub.fail(.status(status), .status(status))
            hub.change("unet/config.json") { $0.faults = [.status(status)] }
            let models = TestModels()
            try await models.pull(from: hub)
            #expect(models.delays.count == 3)
            #expect(Set(try models.installed().keys) == modelFiles)
        }
    }

    @Test func `delays grow until all is given up`() async throws {
        try await withTestHub { hub async throws in
            for _ in 0..<5 { hub.fail(.status(503)) }
            let models = TestModels()
            await #expect {
                try await models.pull(from: hub)
            } throws: {
                "\($0)".hasPrefix("org/model: the hub answered with status 503")
            }
            #expect(models.delays.count == 4)
            for (delay, next) in zip(models.delays, models.delays.dropFirst()) { #expect(delay < next) }
            #expect(hub.received.count == 5)
        }
    }

    @Test func `a hub says how long to wait`() async throws {
        try await withTestHub { hub async throws in
            hub.fail(.status(429, retryAfter: "17"))
            hub.change(Self.path) { $0.faults = [.status(503, retryAfter: "3")] }
            let models = TestModels()
            try await models.pull(from: hub)
            #expect(models.delays == [.seconds(17), .seconds(3)])
        }
    }

    @Test func `a hub that asks for hours is not waited for`() async throws {
        try await withTestHub { hub async throws in
            hub.fail(.status(429, retryAfter: "7200"))
            let models = TestModels()
            await #expect(throws: HubError.self) { try await models.pull(from: hub) }
            #expect(models.delays.isEmpty)
        }
    }

    @Test(arguments: [path, "unet/config.json"])
    func `wrong bytes are thrown away, and the file is named`(path: String) async throws {
        try await withTestHub { hub async throws in
            let wrong = [UInt8](repeating: 9, count: TestFile.model[path]?.bytes.count ?? 0)
            hub.change(path) { $0.faults = [.send(wrong)] }
            let models = TestModels()
            await #expect(throws: HubError.wrongBytes(file: path)) { try await models.pull(from: hub) }
            #expect(try models.part(of: path) == nil)
            #expect(try models.installed().isEmpty)
            try await models.pull(from: hub)
            #expect(try models.installed()[path] == TestFile.model[path]?.bytes)
        }
    }

    @Test func `a file of another size than announced is refused before it is written`() async throws {
        try await withTestHub { hub async throws in
            for size in [-1, 1] {
                hub.change(Self.path) { $0.announcedSize = $0.bytes.count + size }
                let models = TestModels()
                await #expect {
                    try await models.pull(from: hub)
                } throws: {
                    guard case HubError.wrongSize(let file, let announced, let sent) = $0 else { return false }
                    return file == Self.path && Int(sent) == announced - size
                }
                #expect(try models.part(of: Self.path) == nil)
            }
        }
    }

    @Test func `not more than was announced is written, whatever is sent`() async throws {
        try await withTestHub { hub async throws in
            let right = TestFile.model[Self.path]?.bytes ?? []
            hub.change(Self.path) { $0.faults = [.sendWithoutLength(right + right)] }
            let models = TestModels()
            await #expect(throws: HubError.wrongSize(file: Self.path, announced: right.count, sent: "more")) {
                try await models.pull(from: hub)
            }
            #expect(try models.part(of: Self.path) == nil)
        }
    }

    @Test func `a file that ends early is asked for again`() async throws {
        try await withTestHub { hub async throws in
            let right = TestFile.model[Self.path]?.bytes ?? []
            hub.change(Self.path) { $0.faults = [.sendWithoutLength(Array(right.prefix(1_000)))] }
            let models = TestModels()
            try await models.pull(from: hub)
            #expect(hub.requests(for: Self.path).filter(\.isForLargeFiles).map(\.range) == [nil, "bytes=1000-"])
        }
    }

    @Test(arguments: [
        "../../evil.safetensors", "/etc/evil.safetensors", "unet/../../../evil.safetensors", "unet/../evil.json",
        "unet//config.json", "unet/./config.json", ".darkroom.json", "unet/.hidden.safetensors",
        "unet/deep/er/diffusion_pytorch_model.safetensors", "unet\\\\..\\\\evil.safetensors", "unet/e\\u0000vil",
        "unet/diffusion_pytorch_model-00001-of-00001.safetensors/../../../x", "tokenizer/vocab.json\\n", "", "/", "..",
    ])
    func `paths that lead elsewhere are not followed`(path: String) async throws {
        try await withTestHub { hub async throws in
            let oid = String(repeating: "b", count: 40)
            hub.list("{\"type\": \"file\", \"path\": \"\(path)\", \"size\": 3, \"oid\": \"\(oid)\"}")
            let models = TestModels()
            try await models.pull(from: hub)
            #expect(Set(try models.installed().keys) == modelFiles)
            #expect(try models.contents().count == modelFiles.count + 1)
            #expect(hub.received.count { $0.path.contains("/resolve/") && !$0.isForLargeFiles } == modelFiles.count)
        }
    }

    @Test(arguments: [
        "not JSON", "{\"type\": \"file\"}", "{\"type\": \"file\", \"path\": \"unet/x\", \"size\": -1, \"oid\": \"\"}",
        "{\"type\": \"file\", \"path\": \"unet/x\", \"size\": 1e99, \"oid\": \"b\"}",
        "{\"type\": \"file\", \"path\": \"unet/x\", \"size\": 3, \"oid\": \"../x\"}",
        "{\"type\": \"file\", \"path\": \"unet/x\", \"size\": 3}",
    ])
    func `a list that is none is an error`(line: String) async throws {
        try await withTestHub { hub async throws in
            hub.list(line)
            await #expect {
                try await TestModels().pull(from: hub)
            } throws: {
                guard case HubError.badAnswer = $0 else { return false }
                return true
            }
        }
    }

    @Test func `answers are not read without end`() async throws {
        try await withTestHub { hub async throws in
            hub.fail(.sendWithoutLength([UInt8](repeating: UInt8(ascii: " "), count: 9 << 20)))
            await #expect {
                try await TestModels().pull(from: hub)
            } throws: {
                guard case HubError.badAnswer(_, let problem) = $0 else { return false }
                return problem.contains("longer")
            }
        }
    }

    @Test func `redirects in a circle are not followed for long`() async throws {
        try await withTestHub { hub async throws in
            hub.redirectLargeFiles(to: hub.address)
            await #expect {
                try await TestModels().pull(from: hub)
            } throws: {
                guard case HubError.badAnswer(_, let problem) = $0 else { return false }
                return problem.contains("redirects")
            }
        }
    }

    @Test(arguments: ["file:///etc/passwd?", "ftp://example.org", "http://user:password@127.0.0.1:1", "http://"])
    func `redirects to what is no address are not followed`(address: String) async throws {
        try await withTestHub { hub async throws in
            hub.redirectLargeFiles(to: address)
            await #expect {
                try await TestModels().pull(from: hub)
            } throws: {
                guard case HubError.badAnswer = $0 else { return false }
                return true
            }
        }
    }

    @Test func `sizes that no disk has are refused before anything is downloaded`() async throws {
        try await withTestHub { hub async throws in
            hub.change(Self.path) { $0.announcedSize = 1 << 62 }
            await #expect(throws: HubError.self) { try await TestModels().pull(from: hub) }
            hub.remove(Self.path)
            hub.change("unet/diffusion_pytorch_model.safetensors.index.fp16.json") { $0.bytes = [0] }
            for shard in 1...400 {
                let name = String(format: "unet/diffusion_pytorch_model-%05d-of-00400.fp16.safetensors", shard)
                hub.change(name) {
                    $0.isLarge = true
                    $0.announcedSize = 1 << 36
                }
            }
            await #expect {
                try await TestModels().pull(from: hub)
            } throws: {
                guard case HubError.noSpace = $0 else { return false }
                return true
            }
            #expect(!hub.received.contains { $0.path.contains("/resolve/") })
        }
    }

    @Test func `what the hub does not have is said by name`() async throws {
        try await withTestHub { hub async throws in
            let other = try #require(ModelName("org/other"))
            await #expect(throws: HubError.noModel(other, hasToken: false)) {
                try await TestModels().pull(from: hub, name: other)
            }
            await #expect(throws: HubError.noModel(other, hasToken: true)) {
                try await TestModels().pull(from: hub, token: "hf_x", name: other)
            }
            await #expect(throws: HubError.noRevision("v9", of: TestModels.name)) {
                try await TestModels().pull(from: hub, revision: "v9")
            }
            hub.fail(.status(403, code: "GatedRepo"))
            await #expect(throws: HubError.notAllowed(TestModels.name)) { try await TestModels().pull(from: hub) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import TestHub
import Testing

/// `darkroom models pull`, `list` and `remove`, and the name of a model instead of its path.
@Suite struct ModelsCommandTests {
    private struct Report: Decodable {
        var name: String
        var commit: String
        var directory: String
        var files: Int
        var bytes: Int
        var seconds: Double
        var state: String
    }

    private struct Listed: Decodable {
        var name: String
        var commit: String?
        var bytes: Int
        var directory: String
    }

    /// The tiny model on a hub of its own, and commands with an empty models directory.
    private func withTinyModel(
        _ body: @escaping @Sendable (TestHub, TemporaryDirectory, [String: String]) async throws -> Void
    ) async throws {
        let files = try TestFile.files(in: URL(filePath: DarkroomProcess.model))
        try await withTestHub(files) { hub in
            let directory = try TemporaryDirectory()
            try await body(
                hub,
                directory,
                [
                    "DARKROOM_MODELS_DIRECTORY": directory.path("models"), "HF_ENDPOINT": hub.address, "HF_TOKEN": "",
                ]
            )
        }
    }

    @Test func `a model is downloaded and makes a picture by its name`() async throws {
        try await withTinyModel { hub, directory, environment async throws in
            let generate = [
                "generate", "--model", TestHub.name, "--prompt", "a cat", "--steps", "1", "--seed", "1",
                "--width", "64", "--height", "64", "--output",
            ]
            let before = try await DarkroomProcess.run(generate + [directory.path("a.png")], environment: environment)
            #expect(before.status == 64)
            #expect(before.errors.contains("darkroom models pull \(TestHub.name)"))
            #expect(before.errors.split(separator: "\n").count == 1)

            let pull = try await DarkroomProcess.run(
                ["models", "pull", TestHub.name, "--json"],
                environment: environment
            )
            #expect(pull.status == 0, "\(pull.errors)")
            #expect(pull.errors.isEmpty)
            let report = try JSONDecoder().decode(Report.self, from: Data(pull.output.utf8))
            #expect(report.name == TestHub.name)
            #expect(report.commit == TestHub.commit)
            #expect(report.directory == directory.path("models/\(TestHub.name)"))
            #expect(report.files == 12)
            #expect(report.bytes > 2_000_000)
            #expect(report.state == "downloaded")

            let byName = try await DarkroomProcess.run(generate + [directory.path("a.png")], environment: environment)
            #expect(byName.status == 0, "\(byName.errors)")
            let byPath = try DarkroomProcess.run(
                "generate",
                "--model",
                DarkroomProcess.model,
                "--prompt",
                "a cat",
                "--steps",
                "1",
                "--seed",
                "1",
                "--width",
                "64",
                "--height",
                "64",
                "--output",
                directory.path("b.png")
            )
            #expect(byPath.status == 0)
            let pictures = try ["a.png", "b.png"].map { name in
                let file = try Data(contentsOf: directory.url.appending(path: name))
                return try ImageDecoder().decode(Array(file)).image.pixels
            }
            #expect(pictures[0] == pictures[1])

            let verify = try await DarkroomProcess.run(["models", "verify", TestHub.name], environment: environment)
            #expect(verify.status == 0, "\(verify.errors)")
        }
    }

    @Test func `what is downloaded is listed, and can be removed`() async throws {
        try await withTinyModel { hub, directory, environment async throws in
            let pull = ["models", "pull", TestHub.name, "--endpoint", hub.address]
            let first = try await DarkroomProcess.run(pull, environment: environment)
            #expect(first.output.hasPrefix("\(directory.path("models/\(TestHub.name)")): downloaded, 12 files"))
            let second = try await DarkroomProcess.run(pull, environment: environment)
            #expect(second.output.contains(": present, 12 files"))

            func list() async throws -> [Listed] {
                let run = try await DarkroomProcess.run(["models", "list", "--json"], environment: environment)
                #expect(run.status == 0)
                return try JSONDecoder().decode([Listed].self, from: Data(run.output.utf8))
            }
            let listed = try await list()
            #expect(listed.map(\.name) == [TestHub.name])
            #expect(listed.first?.commit == TestHub.commit)

            let remove = ["models", "remove", TestHub.name]
            #expect(try await DarkroomProcess.run(remove, environment: environment).status == 0)
            #expect(try await list().isEmpty)
            let again = try await DarkroomProcess.run(remove, environment: environment)
            #expect(again.status == 1)
            #expect(again.errors == "error: \(TestHub.name): is not in \(directory.path("models"))\n")
        }
    }

    @Test func `a token is sent and never shown`() async throws {
        try await withTinyModel { hub, directory, environment async throws in
            let token = ["HF_TOKEN": "hf_secret"]
            hub.change("unet/config.json") { $0.faults = [.status(404)] }
            let failed = try await DarkroomProcess.run(
                ["models", "pull", TestHub.name],
                environment: environment.merging(token) { $1 }
            )
            #expect(failed.status == 1)
            #expect(failed.errors == "error: unet/config.json: the hub answered with status 404\n")
            #expect(hub.received.first?.authorization == "Bearer hf_secret")
            #expect(!(failed.output + failed.errors).contains("secret"))

            let unencrypted = try await DarkroomProcess.run(
                ["models", "pull", TestHub.name, "--endpoint", "http://hub.example"],
                environment: environment.merging(token) { $1 }
            )
            #expect(unencrypted.status == 64)
            #expect(unencrypted.errors.contains("HF_TOKEN"))
            #expect(!unencrypted.errors.contains("secret"))
        }
    }

    @Test func `a model that Darkroom cannot run is refused before its weights are downloaded`() async throws {
        try await withTinyModel { hub, directory, environment async throws in
            hub.change("unet/config.json") { $0.bytes = Array("{\"in_channels\": \"four\"}".utf8) }
            let run = try await DarkroomProcess.run(["models", "pull", TestHub.name], environment: environment)
            #expect(run.status == 1)
            #expect(run.errors.contains("unet/config.json"))
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(!hub.received.contains { $0.path.hasSuffix(".safetensors") })
        }
    }

    @Test func `Ctrl-C leaves what the next command goes on with`() async throws {
        let path = "unet/diffusion_pytorch_model.safetensors"
        try await withTinyModel { hub, directory, environment async throws in
            let gate = TestGate()
            defer { gate.open() }
            hub.change(path) { $0.faults = [.hold(after: 500_000, gate)] }
            let pull = ["models", "pull", TestHub.name]
            let process = try DarkroomProcess.start(
                pull,
                environment: environment,
                output: Pipe(),
                errors: Pipe()
            )
            let unet = directory.path("models/org/.model.download/unet")
            func sizes() -> [Int] {
                ((try? FileManager.default.contentsOfDirectory(atPath: unet)) ?? []).compactMap { name in
                    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(unet)/\(name)")
                    return (attributes?[.size] as? NSNumber)?.intValue
                }
            }
            while !sizes().contains(500_000), process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
            process.interrupt()
            while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
            #expect(process.terminationStatus == 130)
            #expect(process.terminationReason == .exit)

            let run = try await DarkroomProcess.run(pull, environment: environment)
            #expect(run.status == 0, "\(run.errors)")
            let ranges = hub.requests(for: path).filter(\.isForLargeFiles).map(\.range)
            #expect(ranges == [nil, "bytes=500000-"])
        }
    }

    @Test(arguments: [
        ["not-a-name"], ["../a"], ["a/b", "--endpoint", "hub"], ["a/b", "--variant", "fp8"], ["a/b", "--revision", ""],
        ["a/b", "--token", "x"], [],
    ])
    func `wrong arguments are one line and exit code 64`(arguments: [String]) throws {
        let run = try DarkroomProcess.run(["models", "pull"] + arguments)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("error: "))
        #expect(run.errors.split(separator: "\n").count == 1)
    }
}

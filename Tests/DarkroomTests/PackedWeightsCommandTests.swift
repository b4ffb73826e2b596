// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The commands with and without a cache of packed weights.
@Suite struct PackedWeightsCommandTests {
    @Test func packedWeightsAreFoundByTheNextCommand() throws {
        let directory = try TemporaryDirectory()
        let packed = try pack(in: directory)
        #expect(packed.state == "written")
        #expect(packed.path?.hasPrefix(directory.path("cache/")) == true)
        #expect(packed.bytes > 0)
        #expect(packed.notes.isEmpty)
        #expect(try pack(in: directory, "--verify").state == "mapped")

        let found = try generate(directory.path("a.png"), "--cache-directory", directory.path("cache"))
        #expect(found.packedWeights.state == "mapped")
        #expect(found.packedWeights.path == packed.path)
        #expect(found.loadS > 0)
        let firstForward = try #require(found.firstForwardS)
        #expect(firstForward > 0)

        let without = try generate(directory.path("b.png"), "--no-cache")
        #expect(without.packedWeights.state == "memory")
        #expect(
            FileManager.default.contents(atPath: directory.path("a.png"))
                == FileManager.default.contents(atPath: directory.path("b.png"))
        )
    }

    @Test func twoProcessesCanPackAtOnce() throws {
        let directory = try TemporaryDirectory()
        let processes = try (0..<2).map { _ in
            try DarkroomProcess.start(
                ["models", "pack", "--model", DarkroomProcess.model, "--cache-directory", directory.path("cache")],
                output: Pipe(),
                errors: Pipe()
            )
        }
        for process in processes {
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path("cache"))
        #expect(files.count { $0.hasSuffix(".packed") } == 1)
        #expect(files.count == 2, "the other is the empty prompt's")
        #expect(try pack(in: directory, "--verify").state == "mapped")
    }

    @Test func aCacheThatCannotBeWrittenIsOneLineAndNoFailure() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(filePath: directory.path("cache")))
        let run = try DarkroomProcess.generate(
            "a cat",
            "--steps",
            "1",
            "--output",
            directory.path("a.png"),
            "--cache-directory",
            directory.path("cache")
        )
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix("note: \(directory.path("cache"))"))
        #expect(run.errors.split(separator: "\n").count == 1)
        let packing = try DarkroomProcess.run(
            "models",
            "pack",
            "--model",
            DarkroomProcess.model,
            "--cache-directory",
            directory.path("cache")
        )
        #expect(packing.status == 1)
    }

    @Test func theEmbeddedModelIsNotKeptPacked() throws {
        let directory = try TemporaryDirectory()
        let packing = try DarkroomProcess.run("models", "pack", "--cache-directory", directory.path("cache"))
        #expect(packing.status == 64)
        #expect(packing.errors.contains("--model"))
    }

    private struct Packed: Decodable {
        var state: String
        var path: String?
        var bytes: Int
        var notes: [String]
    }

    private struct Report: Decodable {
        var loadS: Double
        var firstForwardS: Double?
        var packedWeights: Packed
    }

    private func pack(in directory: TemporaryDirectory, _ options: String...) throws -> Packed {
        let cache = ["--cache-directory", directory.path("cache"), "--json"]
        let run = try DarkroomProcess.run(["models", "pack", "--model", DarkroomProcess.model] + cache + options)
        #expect(run.status == 0)
        return try decode(Packed.self, run.output)
    }

    private func generate(_ path: String, _ options: String...) throws -> Report {
        let fixed = ["--prompt", "a cat", "--steps", "1", "--seed", "1", "--width", "64", "--height", "64"]
        let run = try DarkroomProcess.run(
            ["generate", "--model", DarkroomProcess.model, "--json", "--output", path] + fixed + options
        )
        #expect(run.status == 0)
        return try decode(Report.self, run.output)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(json.utf8))
    }
}

// SPDX-License-Identifier: Apache-2.0

import API
import ArgumentParser
import Foundation
import Jobs
import StableDiffusion
import Tensor
import Testing

@testable import darkroom

@Suite struct SettingsTests {
    @Test func theCommandLineCountsMostAndTheFileLeast() async throws {
        let file = try file(#"{"port": 1001, "host": "127.0.0.2", "max-workers": 3}"#)
        let serve = try await parse(
            ["serve", "--config", file.path("settings.json"), "--port", "1003"],
            ["DARKROOM_PORT": "1002", "DARKROOM_HOST": "127.0.0.3"]
        )
        #expect(serve.http.port == 1003)
        #expect(serve.http.host == "127.0.0.3")
        #expect(serve.maxWorkers == 3)
        #expect(serve.workerOptions.maxBatch == 8, "nobody said otherwise")
    }

    @Test func theFileMayBeNamedByTheEnvironment() async throws {
        let file = try file(#"{"idle-timeout": 1.5, "allow-private-addresses": true, "model": "embedded"}"#)
        let serve = try await parse(["serve"], ["DARKROOM_CONFIG": file.path("settings.json")])
        #expect(serve.workerOptions.idleTimeout.duration == .milliseconds(1500))
        #expect(serve.http.allowPrivateAddresses)
    }

    @Test func defaultsOfRequestsAreWithinTheLimits() async throws {
        let serve = try await parse(["serve", "--max-steps", "20", "--max-side", "300"], [:])
        let configuration = serve.http.configuration(nativeSize: 512, imageLifetime: .seconds(1))
        #expect(configuration.defaults.steps == 20)
        #expect(configuration.defaults.width == 296)
    }

    @Test func aFlagOfTheEnvironmentCanBeTakenBack() async throws {
        let environment = ["DARKROOM_ALLOW_HTTP": "true"]
        #expect(try await parse(["serve"], environment).http.allowHTTP)
        #expect(try await !parse(["serve", "--no-allow-http"], environment).http.allowHTTP)
    }

    @Test(arguments: [
        (#"{"max-wokers": 3}"#, [:], "there is no setting 'max-wokers'"),
        (#"{"max-workers": [1]}"#, [:], "'max-workers' must be text or a number"),
        (#"[1]"#, [:], "is not a JSON object"),
        (#"{"max-workers": "many"}"#, [:], "from 'max-workers' in"),
        ("{}", ["DARKROOM_PORT": "99999"], "from DARKROOM_PORT"),
        ("{}", ["DARKROOM_ALLOW_HTTP": "perhaps"], "DARKROOM_ALLOW_HTTP must be true or false"),
    ])
    func aWrongValueIsRefusedByNameAndPlace(settings: String, environment: [String: String], said: String) throws {
        let file = try file(settings)
        let errors = Pipe()
        let process = Process()
        process.executableURL = DarkroomProcess.executable
        process.arguments = ["serve", "--config", file.path("settings.json")]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardError = errors
        try process.run()
        let complained = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
        #expect(complained.contains(said), "\(complained)")
        #expect(complained.split(separator: "\n").count == 1)
    }

    @Test func aFileForServeDoesForWorkersToo() async throws {
        let file = try file(#"{"port": 1001, "max-batch": 3}"#)
        let arguments = try await ConfiguredArguments(
            ["worker", "--config", file.path("settings.json")],
            environment: [:]
        )
        let worker = try #require(try Darkroom.parseAsRoot(arguments.arguments) as? RunWorker)
        #expect(worker.workerOptions.maxBatch == 3)
    }

    @Test func everySettingIsAnOptionAndIsDocumented() throws {
        let help = Serve.helpMessage(columns: 10_000) + RunWorker.helpMessage(columns: 10_000)
        let documentation = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "docs/operating.md"),
            encoding: .utf8
        )
        for setting in Set(Serve.settings).union(RunWorker.settings) {
            #expect(help.contains(setting.option), "\(setting.name)")
            #expect(documentation.contains("| `\(setting.name)` |"), "\(setting.name)")
        }
        #expect(Set(Serve.settings).count == Serve.settings.count)
        // A server's metrics are on its own port.
        let own = Set(RunWorker.settings).subtracting(Serve.settings)
        #expect(own == Set(WorkerMetricsOptions.settings))
    }

    @Test func aWorkerGetsTheSettingsOfItsServer() async throws {
        let serve = try await parse(
            [
                "serve", "--deadline", "5.5", "--retry-limit", "9", "--rate-limit", "3/minute", "--max-batch", "2",
                "--max-batch-memory", "77", "--threads", "3", "--dtype", "float32", "--prediction-type", "epsilon",
            ],
            [:]
        )
        let worker = try #require(
            try Darkroom.parseAsRoot(
                ["worker"] + serve.storeOptions.arguments + serve.workerOptions.arguments + serve.modelOptions.arguments
                    + serve.deviceOptions.arguments + serve.logOptions.arguments
            ) as? RunWorker
        )
        #expect(worker.storeOptions.policy == serve.storeOptions.policy)
        #expect(worker.workerOptions.maxBatch == 2)
        #expect(worker.workerOptions.maxBatchMemory == 77)
        #expect(worker.deviceOptions.threads == 3)
        #expect(worker.deviceOptions.arithmetic == .float32)
        #expect(worker.modelOptions.predictionType == .epsilon)
    }

    private func parse(_ arguments: [String], _ environment: [String: String]) async throws -> Serve {
        let configured = try await ConfiguredArguments(arguments, environment: environment)
        return try #require(try Darkroom.parseAsRoot(configured.arguments) as? Serve)
    }

    private func file(_ text: String) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try Data(text.utf8).write(to: directory.url.appending(path: "settings.json"))
        return directory
    }
}

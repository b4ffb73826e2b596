// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The built `darkroom` executable, run as a person runs it.
struct DarkroomProcess {
    var status: Int32
    var output: String
    var errors: String

    /// Where the test runner and the executable were built.
    static var executable: URL {
        let directory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        return directory.appending(path: "darkroom")
    }

    /// The tiny model of the engine's tests: noise, but fast.
    static let model = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "StableDiffusionTests/Fixtures/tiny/diffusers").path

    /// Starts the executable with its output going to `output` and `errors`.
    static func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        output: Pipe,
        errors: Pipe
    ) throws -> Process {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        // No test leaves anything in the user's cache, or in the database of the user's server.
        process.environment = ProcessInfo.processInfo.environment
            .merging(["DARKROOM_CACHE_DIRECTORY": "", "XDG_STATE_HOME": "/nowhere"]) { $1 }.merging(environment) { $1 }
        try process.run()
        return process
    }

    /// Whether a process catches SIGINT; one that ignores or blocks it may only have inherited that.
    static func catchesInterrupts(_ process: Process) -> Bool {
        let path = "/proc/\(process.processIdentifier)/status"
        guard let status = try? String(contentsOfFile: path, encoding: .utf8) else { return false }
        return status.split(separator: "\n").contains { line in
            let fields = line.split(separator: "\t")
            guard fields.count == 2, fields[0] == "SigCgt:", let mask = UInt64(fields[1], radix: 16) else {
                return false
            }
            return mask & (1 << (UInt64(SIGINT) - 1)) != 0
        }
    }

    /// Runs the executable to its end.
    static func run(_ arguments: String...) throws -> DarkroomProcess {
        try run(arguments)
    }

    /// Makes a picture with the tiny model, 64x64 unless the options say otherwise.
    static func generate(_ prompt: String, _ options: String...) throws -> DarkroomProcess {
        let size = ["--width", "--height"].filter { !options.contains($0) }.flatMap { [$0, "64"] }
        return try run(["generate", "--model", model, "--prompt", prompt] + size + options)
    }

    /// Runs the executable beside a server of this process, which goes on meanwhile.
    static func run(_ arguments: [String], environment: [String: String]) async throws -> DarkroomProcess {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try run(arguments, environment) })
            }
        }
    }

    static func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> DarkroomProcess {
        let output = Pipe()
        let errors = Pipe()
        let process = try start(arguments, environment: environment, output: output, errors: errors)
        // What is printed is short, so reading one pipe after the other cannot block the process.
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return DarkroomProcess(
            status: process.terminationStatus,
            output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self)
        )
    }
}

/// A directory of its own for one test, removed after it.
final class TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "darkroom-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

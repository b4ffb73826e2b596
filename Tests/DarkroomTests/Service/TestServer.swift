// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A `darkroom serve` with workers of its own, on a database of its own: what is tested is what is run.
final class TestServer: Sendable {
    private struct State {
        var process = Process()
        var key = ""
    }

    let directory: TemporaryDirectory
    let url: URL
    private let port: Int
    private let options: [String]
    private let databasePath: String
    private let state: Mutex<State>
    private static let session = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = 300
        configuration.timeoutIntervalForRequest = 300
        return URLSession(configuration: configuration)
    }()

    /// Starts a server with the tiny model and pictures of any size.
    ///
    /// - Parameter database: where the database is to be, if not in a directory of its own.
    init(_ options: String..., database: String? = nil) async throws {
        directory = try TemporaryDirectory()
        // A port from the range that the system does not hand out by itself, so that no other test meets it.
        port = Int.random(in: 20_000..<30_000)
        url = try #require(URL(string: "http://127.0.0.1:\(port)"))
        databasePath = database ?? directory.path("darkroom.sqlite")
        self.options = options
        state = Mutex(State())
        try await start()
    }

    deinit {
        state.withLock { if $0.process.isRunning { $0.process.terminate() } }
    }

    /// The key that the first start printed.
    var key: String { state.withLock(\.key) }

    private var isRunning: Bool { state.withLock { $0.process.isRunning } }

    var database: String { "sqlite:\(databasePath)" }

    /// What the server and its workers logged.
    var log: String { (try? String(contentsOfFile: directory.path("errors"), encoding: .utf8)) ?? "" }

    /// Starts the server, again if need be, and waits until it takes requests.
    func start() async throws {
        for name in ["output", "errors"] where !FileManager.default.fileExists(atPath: directory.path(name)) {
            _ = FileManager.default.createFile(atPath: directory.path(name), contents: nil)
        }
        let arguments =
            [
                "serve", "--model", DarkroomProcess.model, "--port", "\(port)", "--database", database, "--min-side",
                "8",
                "--log-format", "json",
            ] + options
        let (output, errors) = (try handle("output"), try handle("errors"))
        try state.withLock { state in
            state.process = Process()
            state.process.executableURL = DarkroomProcess.executable
            state.process.arguments = arguments
            // What workers keep for the next one is this server's alone.
            state.process.environment = ProcessInfo.processInfo.environment
                .merging(["DARKROOM_CACHE_DIRECTORY": directory.path("cache")]) { $1 }
            state.process.standardInput = FileHandle.nullDevice
            state.process.standardOutput = output
            state.process.standardError = errors
            try state.process.run()
        }
        try await waitUntil("it is ready") {
            guard isRunning else { throw Problem("the server ended: \(log.suffix(1000))") }
            return try? await get("/ready").status == 200
        }
        guard key.isEmpty, !options.contains("none") else { return }
        try await waitUntil("a key was printed") {
            let printed = try String(contentsOfFile: directory.path("output"), encoding: .utf8)
            let key = printed.split(separator: "\n").first { $0.hasPrefix("dk_") }
            if let key { state.withLock { $0.key = String(key) } }
            return key != nil
        }
    }

    private func handle(_ name: String) throws -> FileHandle {
        let handle = try FileHandle(forWritingTo: directory.url.appending(path: name))
        try handle.seekToEnd()
        return handle
    }

    /// Asks the server to stop and waits; returns its exit status.
    @discardableResult
    func stop() -> Int32 {
        state.withLock { state in
            state.process.terminate()
            state.process.waitUntilExit()
            return state.process.terminationStatus
        }
    }

    /// Ends the server as a power failure does.
    func kill() {
        state.withLock { state in
            _ = Foundation.kill(state.process.processIdentifier, SIGKILL)
            state.process.waitUntilExit()
        }
    }

    /// The worker processes of this server's database, also those of an earlier server.
    var workers: [pid_t] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { pid_t($0) }.filter { pid in
            guard let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8) else { return false }
            let arguments = line.split(separator: "\0")
            return arguments.contains("worker") && arguments.contains("--database=\(database)")
        }
    }

    /// Runs another command on the server's database.
    func command(_ arguments: String...) throws -> DarkroomProcess {
        try DarkroomProcess.run(arguments + ["--database", database])
    }

    /// Whether the books balance, as the operator is told.
    func expectBalancedBooks() throws {
        let doctor = try command("doctor")
        #expect(doctor.status == 0, "\(doctor.output) \(doctor.errors)")
    }
}

/// An answer.
struct Answer: Sendable {
    var status: Int
    var headers: [String: String]
    var body: Data

    /// A field of the JSON body; `.` goes deeper.
    subscript(_ path: String) -> Any? {
        var value = try? JSONSerialization.jsonObject(with: body)
        for name in path.split(separator: ".") {
            value = (value as? [String: Any])?[String(name)]
        }
        return value
    }

    func text(_ path: String) -> String? { self[path] as? String }

    /// The error's stable word.
    var code: String? { text("code") }
}

struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension TestServer {
    /// Sends a request with the server's key, or with another, or none for "".
    func send(
        _ method: String,
        _ path: String,
        _ fields: [String: Any]? = nil,
        key: String? = nil,
        headers: [String: String] = [:],
        body: Data? = nil
    ) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: url.absoluteString + path)))
        request.httpMethod = method
        let key = key ?? self.key
        if !key.isEmpty { request.setValue(key, forHTTPHeaderField: "x-api-key") }
        if let fields {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = try JSONSerialization.data(withJSONObject: fields)
        }
        if let body { request.httpBody = body }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await Self.session.data(for: request)
        let answer = try #require(response as? HTTPURLResponse)
        var found: [String: String] = [:]
        for (name, value) in answer.allHeaderFields { found["\(name)".lowercased()] = "\(value)" }
        return Answer(status: answer.statusCode, headers: found, body: data)
    }

    func get(_ path: String, key: String? = nil) async throws -> Answer { try await send("GET", path, key: key) }

    /// Asks for a small picture and waits for it.
    func generate(
        _ changes: [String: Any] = [:],
        key: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send("POST", "/v1/sd2.1-txt2img", Self.fields(changes), key: key, headers: headers)
    }

    /// Asks for a small picture for later; returns the request's id.
    func submit(_ changes: [String: Any] = [:], headers: [String: String] = [:]) async throws -> String {
        let answer = try await send("POST", "/v2/sd2.1-txt2img", Self.fields(changes), headers: headers)
        guard answer.status == 200, let id = answer.text("request_id") else {
            throw Problem("\(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return id
    }

    /// A request's fields: 64x64 pixels and two steps, unless they say otherwise.
    static func fields(_ changes: [String: Any] = [:]) -> [String: Any] {
        [
            "prompt": "a cat", "img_width": 64, "img_height": 64, "num_inference_steps": 2, "seed": 7,
            "output_format": "png",
        ].merging(changes) { $1 }
    }

    func status(of id: String) async throws -> String? {
        try await get("/v2/requests/\(id)/status").text("status")
    }

    /// What the key's account can spend.
    func credits(key: String? = nil) async throws -> Decimal {
        let answer = try await get("/v1/get-user-credits", key: key)
        let value = try #require(answer["credits"] as? NSNumber)
        return try #require(Decimal(string: "\(value)"))
    }

    /// Waits for something that happens by itself; a minute without it is a failure.
    func waitUntil(_ what: String, _ isSo: () async throws -> Bool?) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await isSo() != true {
            guard ContinuousClock.now < end else { throw Problem("not within a minute: \(what)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

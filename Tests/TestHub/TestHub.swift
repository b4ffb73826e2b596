// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization

/// A hub on this machine with one model, and a second server that its large files are on.
package final class TestHub: Sendable {
    /// A request that arrived.
    package struct Received: Sendable {
        /// Whether it is the second server that it arrived at.
        package var isForLargeFiles: Bool
        package var path: String
        package var range: String?
        package var authorization: String?
    }

    private struct State {
        var files: [String: TestFile]
        var received: [Received] = []
        var hubFaults: [TestFault] = []
        var treeLines: [String] = []
        var redirect: String?
    }

    package static let name = "org/model"
    package static let commit = String(repeating: "0123456789", count: 4)
    /// A branch, whose name has a slash in it.
    package static let branch = "refs/pr/1"

    /// Files on one page of the list.
    private static let pageSize = 5

    package let port: Int
    private let largeFilePort: Int
    private let state: Mutex<State>

    fileprivate init(port: Int, largeFilePort: Int, files: [String: TestFile]) {
        self.port = port
        self.largeFilePort = largeFilePort
        state = Mutex(State(files: files))
    }

    package var address: String { "http://127.0.0.1:\(port)" }
    package var received: [Received] { state.withLock(\.received) }

    /// The requests for a file, in their order.
    package func requests(for path: String) -> [Received] {
        received.filter { $0.path.hasSuffix("/\(path)") }
    }

    /// Changes a file, or adds it.
    package func change(_ path: String, _ body: (inout TestFile) -> Void) {
        state.withLock { body(&$0.files[path, default: TestFile(bytes: [])]) }
    }

    package func remove(_ path: String) {
        state.withLock { $0.files[path] = nil }
    }

    /// Makes the next answers about the model go wrong.
    package func fail(_ faults: TestFault...) {
        state.withLock { $0.hubFaults += faults }
    }

    /// Adds lines to the list of files, as they are.
    package func list(_ lines: String...) {
        state.withLock { $0.treeLines += lines }
    }

    /// Sends requests for large files to this address.
    package func redirectLargeFiles(to address: String) {
        state.withLock { $0.redirect = address }
    }

    fileprivate func respond(to request: Request, isForLargeFiles: Bool) -> Response {
        let path = request.uri.path
        state.withLock { state in
            state.received.append(
                Received(
                    isForLargeFiles: isForLargeFiles,
                    path: path,
                    range: request.headers[.range],
                    authorization: request.headers[.authorization]
                )
            )
        }
        let files = "/\(Self.name)/resolve/\(Self.commit)/"
        if path.hasPrefix(files) {
            return file(String(path.dropFirst(files.count)), request, isForLargeFiles: isForLargeFiles)
        }
        guard path.hasPrefix("/api/models/"), !isForLargeFiles else { return Response(status: .notFound) }
        let fault = state.withLock { $0.hubFaults.isEmpty ? nil : $0.hubFaults.removeFirst() }
        if let fault { return TestFile(bytes: Array("{}".utf8)).response(range: nil, fault) }
        return about(path.dropFirst("/api/models/".count), cursor: request.uri.queryParameters["cursor"])
    }

    private func about(_ path: Substring, cursor: Substring?) -> Response {
        switch path {
        case "\(Self.name)/revision/main", "\(Self.name)/revision/refs%2Fpr%2F1", "\(Self.name)/revision/refs/pr/1":
            return .json("{\"id\": \"\(Self.name)\", \"sha\": \"\(Self.commit)\"}")
        case "\(Self.name)/tree/\(Self.commit)":
            return tree(from: cursor.flatMap { Int($0) } ?? 0)
        default:
            let isKnown = path.hasPrefix("\(Self.name)/")
            return .json("{}", status: isKnown ? 404 : 401, isKnown ? "RevisionNotFound" : "RepoNotFound")
        }
    }

    private func tree(from start: Int) -> Response {
        let lines = state.withLock { state in
            state.treeLines + state.files.sorted { $0.key < $1.key }.map { $0.value.treeLine(path: $0.key) }
        }
        let end = min(start + Self.pageSize, lines.count)
        var response = Response.json("[\(lines[start..<end].joined(separator: ", "))]")
        if end < lines.count, let link = HTTPField.Name("Link") {
            // Its host is not the one that was asked, as behind a proxy.
            response.headers[link] = "<https://hub.example/api/x?recursive=true&cursor=\(end)>; rel=\"next\""
        }
        return response
    }

    private func file(_ path: String, _ request: Request, isForLargeFiles: Bool) -> Response {
        guard let file = state.withLock({ $0.files[path] }) else { return Response(status: .notFound) }
        if file.isLarge, !isForLargeFiles {
            let address = state.withLock(\.redirect) ?? "http://127.0.0.1:\(largeFilePort)"
            return Response(status: .found, headers: [.location: "\(address)\(request.uri.path)?signature=a%2Bb"])
        }
        let fault = state.withLock { state -> TestFault? in
            state.files[path]?.faults.isEmpty == false ? state.files[path]?.faults.removeFirst() : nil
        }
        return file.response(range: request.headers[.range], fault)
    }
}

extension Response {
    fileprivate static func json(_ text: String, status: Int = 200, _ code: String? = nil) -> Response {
        var response = Response(
            status: .init(code: status),
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
        if let code, let name = HTTPField.Name("X-Error-Code") { response.headers[name] = code }
        return response
    }
}

/// Runs a ``TestHub`` for as long as `body` does.
package func withTestHub<Value: Sendable>(
    _ files: [String: TestFile] = TestFile.model,
    _ body: @escaping @Sendable (TestHub) async throws -> Value
) async throws -> Value {
    let box = HubBox()
    return try await application(box, isForLargeFiles: true).test(.live) { largeFiles in
        try await application(box, isForLargeFiles: false).test(.live) { client in
            let hub = TestHub(port: client.port ?? 0, largeFilePort: largeFiles.port ?? 0, files: files)
            box.hub.withLock { $0 = hub }
            return try await body(hub)
        }
    }
}

private func application(_ box: HubBox, isForLargeFiles: Bool) -> some ApplicationProtocol {
    let router = Router()
    router.get("**") { request, _ -> Response in
        guard let hub = box.hub.withLock({ $0 }) else { return Response(status: .serviceUnavailable) }
        return hub.respond(to: request, isForLargeFiles: isForLargeFiles)
    }
    return Application(router: router, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
}

private final class HubBox: Sendable {
    let hub = Mutex<TestHub?>(nil)
}

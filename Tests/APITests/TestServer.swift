// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Logging
import NIOCore
import Synchronization

@testable import API

/// A server of somebody else: it remembers what it was sent and answers what it was told to.
final class TestServer: Sendable {
    struct Received: Sendable {
        var path: String
        var host: String?
        var headers: HTTPFields
        var body: [UInt8]
    }

    private struct Answer {
        var status: Int
        var body: [UInt8]
        var location: String?
        var delay: Duration
    }

    let port: Int
    private let received = Mutex<[Received]>([])
    private let answers = Mutex<[String: [Answer]]>([:])

    fileprivate init(port: Int) {
        self.port = port
    }

    var requests: [Received] { received.withLock { $0 } }

    /// Answers requests to `path` like this; if called more than once, one after the other, and then always the last.
    func answer(
        _ path: String,
        status: Int,
        body: [UInt8] = [],
        location: String? = nil,
        after delay: Duration = .zero
    ) {
        let answer = Answer(status: status, body: body, location: location, delay: delay)
        answers.withLock { $0[path, default: []].append(answer) }
    }

    fileprivate func respond(to request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        received.withLock {
            $0.append(
                Received(
                    path: request.uri.path,
                    host: request.head.authority,
                    headers: request.headers,
                    body: Array(body.readableBytesView)
                )
            )
        }
        let answer = answers.withLock { answers -> Answer? in
            guard let first = answers[request.uri.path]?.first else { return nil }
            if answers[request.uri.path, default: []].count > 1 { answers[request.uri.path]?.removeFirst() }
            return first
        }
        guard let answer else { return Response(status: .notFound) }
        try await Task.sleep(for: answer.delay)
        var headers: HTTPFields = [:]
        headers[.location] = answer.location
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            contentType: "application/octet-stream",
            bytes: answer.body
        )
    }
}

/// Runs a ``TestServer`` on this machine for as long as `body` does.
func withTestServer<Value: Sendable>(_ body: @Sendable (TestServer) async throws -> Value) async throws -> Value {
    let box = ServerBox()
    let router = Router()
    for method in [.get, .post] as [HTTPRequest.Method] {
        router.on("**", method: method) { request, _ -> Response in
            guard let server = box.server.withLock({ $0 }) else { return Response(status: .serviceUnavailable) }
            return try await server.respond(to: request)
        }
    }
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    return try await Application(router: router, logger: logger).test(.live) { client in
        let server = TestServer(port: client.port ?? 0)
        box.server.withLock { $0 = server }
        return try await body(server)
    }
}

private final class ServerBox: Sendable {
    let server = Mutex<TestServer?>(nil)
}

/// Addresses to be found, one after the other.
final class SequenceResolver: Sendable {
    private let addresses: Mutex<[String?]>

    init(_ addresses: [String?]) {
        self.addresses = Mutex(addresses)
    }

    func next() -> IPAddress? {
        addresses.withLock { $0.isEmpty ? nil : $0.removeFirst() }.flatMap { IPAddress($0) }
    }
}

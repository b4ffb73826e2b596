// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import NIOCore
import Synchronization
import Testing

@testable import API

struct EventTests {
    /// An event as a reader sees it.
    private struct Event: Equatable {
        var id: Int64
        var name: String
        var data: String
    }

    private func events(_ response: TestResponse) throws -> [Event] {
        try response.text.split(separator: "\n\n").compactMap { block in
            var fields: [Substring: Substring] = [:]
            for line in block.split(separator: "\n") where !line.hasPrefix(":") {
                let parts = line.split(separator: ":", maxSplits: 1)
                fields[parts[0]] = parts[1].drop { $0 == " " }
            }
            guard let name = fields["event"] else { return nil }
            return Event(
                id: try #require(fields["id"].flatMap { Int64($0) }),
                name: String(name),
                data: String(try #require(fields["data"]))
            )
        }
    }

    private func send(_ api: TestAPI, _ id: String, after last: Int64? = nil) async throws -> TestResponse {
        var headers: HTTPFields = [:]
        headers[.lastEventID] = last.map { "\($0)" }
        return try await api.send(.get, "/v2/requests/\(id)/events", headers: headers)
    }

    @Test func `a stream tells all that happens and ends with the pictures`() async throws {
        let preview = StoredImage(bytes: try TestAPI.picture(.jpeg), format: .jpeg)
        let api = TestAPI(
            .reporting([
                JobProgress(GenerationProgress(sample: 0, step: 1, steps: 2)),
                JobProgress(GenerationProgress(sample: 0, step: 2, steps: 2), preview: preview),
            ])
        )
        // Submitted first, so that the worker and the reader begin at the same time.
        let response = try await send(api, try await api.submit())
        #expect(response.status == .ok)
        #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
        #expect(response.header("cache-control") == "no-store")
        let events = try events(response)
        let names = events.map(\.name)
        #expect(names.first == "queued")
        #expect(names.dropFirst().first == "started")
        #expect(names.last == "completed")
        #expect(names.dropFirst(2).dropLast().allSatisfy { $0 == "progress" })
        #expect(events.map(\.id) == events.map(\.id).sorted())
        let body = try JSONDecoder().decode(PictureBody.self, from: Data(try #require(events.last).data.utf8))
        #expect(body.output?.hasPrefix("http://localhost/v1/images/") == true)
    }

    @Test func `progress has its step and its sketch`() async throws {
        struct Progress: Decodable {
            var sample: Int
            var step: Int
            var steps: Int
            var preview: Data
            var previewType: String
        }
        let api = TestAPI(.away)
        let id = try await api.submit()
        let store = try await api.store
        let claimed = try #require(try await store.claim(by: WorkerID(), upTo: 1, size: nil, waitingUpTo: .zero).first)
        let preview = StoredImage(bytes: try TestAPI.picture(.jpeg), format: .jpeg)
        let progress = JobProgress(GenerationProgress(sample: 0, step: 3, steps: 25), preview: preview)
        _ = try await store.heartbeat([Heartbeat(lease: claimed.lease, progress: progress)])
        let text = try await read(api, id, until: "event: progress\n")
        let line = try #require(text.firstMatch(of: /event: progress\ndata: (.*)/)?.1)
        let data = try TestResponse.snakeDecoder.decode(Progress.self, from: Data(line.utf8))
        #expect((data.sample, data.step, data.steps) == (1, 3, 25))
        #expect(([UInt8](data.preview), data.previewType) == (preview.bytes, "image/jpeg"))
    }

    @Test func `a silent stream says that it is alive`() async throws {
        var api = TestAPI(.away)
        api.configuration.heartbeatInterval = .milliseconds(10)
        let id = try await api.submit()
        _ = try await read(api, id, until: ": alive\n")
    }

    /// What a stream says, over a socket, until it has said `end`.
    private func read(_ api: TestAPI, _ id: String, until end: String) async throws -> String {
        let text = Mutex("")
        try await api.test(.live) { server in
            let port = try #require(server.port)
            try await withConnection(to: port) { inbound, outbound in
                let head = "GET /v2/requests/\(id)/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                try await outbound.write(ByteBuffer(string: head))
                for try await buffer in inbound {
                    let isOver = text.withLock { text in
                        text += String(buffer: buffer)
                        return text.firstRange(of: end).map { text[$0.lowerBound...].contains("\n\n") } ?? false
                    }
                    if isOver { return }
                }
            }
        }
        return text.withLock { $0 }
    }

    @Test func `a reader who comes back is told what it missed`() async throws {
        let api = TestAPI(.failure(JobFailure(.internal, "No.")))
        let id = try await api.submit()
        _ = try await api.end(of: id)
        let all = try events(try await send(api, id))
        #expect(all.map(\.name) == ["queued", "started", "failed"])
        for index in all.indices.dropLast() {
            #expect(try events(try await send(api, id, after: all[index].id)) == Array(all[(index + 1)...]))
        }
        let over = try await send(api, id, after: all.last?.id)
        #expect(over.status == .noContent)
    }

    @Test func `an event id that is none is a 400`() async throws {
        let api = TestAPI(.away)
        let id = try await api.submit()
        let response = try await api.send(.get, "/v2/requests/\(id)/events", headers: [.lastEventID: "x"])
        #expect(response.status == .badRequest)
    }

    @Test func `a place among those that wait is free again after the stream`() async throws {
        var api = TestAPI()
        api.configuration.maxWaitsPerKey = 1
        try await api.test { client in
            for _ in 0..<3 {
                let id = try await client.execute(
                    uri: TestAPI.textToImageLater,
                    method: .post,
                    body: ByteBuffer(string: "{}")
                )
                .json(StatusBody.self).requestID
                let uri = "/v2/requests/\(id)/events"
                #expect(try await client.execute(uri: uri, method: .head).status == .ok)
                #expect(try await client.execute(uri: uri, method: .get).status == .ok)
                #expect(try await client.execute(uri: "/v2/requests/\(id)/status?wait=1", method: .get).status == .ok)
            }
        }
    }
}

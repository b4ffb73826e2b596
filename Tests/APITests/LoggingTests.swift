// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

struct LoggingTests {
    @Test func `a request is logged with its route and id, and never with its prompt`() async throws {
        let lines = LogLines()
        var api = TestAPI()
        api.logger = Logger(label: "test") { _ in RecordingLogHandler(lines: lines) }
        let response = try await api.post(#"{"prompt": "tell nobody", "negative_prompt": "nobody"}"#)
        #expect(try await api.post(#"{"prompt": "tell nobody", "scheduler": "nobody"}"#).status == .badRequest)
        let text = lines.text.withLock { $0 }
        #expect(text.contains("/v1/sd2.1-txt2img"))
        #expect(text.contains(try #require(response.header("x-request-id"))))
        #expect(!text.contains("nobody"))
    }

    @Test func `every line about a request says its id and its trace`() async throws {
        let lines = LogLines()
        var api = TestAPI()
        api.logger = Logger(label: "test") { _ in RecordingLogHandler(lines: lines) }
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[try #require(HTTPFields.Element.Name("x-request-id"))] = "mine-1"
        headers[try #require(HTTPFields.Element.Name("traceparent"))] =
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let id = try await api.post("{}", headers: headers).json(PictureBody.self).requestID
        let text = lines.text.withLock { $0 }
        let about = text.split(separator: "\n").filter { $0.hasPrefix("Request") }
        #expect(about.count == 2)
        for line in about {
            #expect(line.contains(#""request_id": mine-1"#) && line.contains("4bf92f3577b34da6a3ce929d0e0e4736"))
            #expect(!line.contains("hb.request.id"))
        }
        #expect(about.contains { $0.contains(#""job": \#(id)"#) })
    }

    @Test(arguments: [(100, "before its body's end"), (2, "before the answer")])
    func `a caller who leaves is no fault of the server's`(length: Int, moment: String) async throws {
        let lines = LogLines()
        var api = try await TestAPI(.hang, credits: "5")
        api.logger = Logger(label: "test") { _ in RecordingLogHandler(lines: lines) }
        try await api.test(.live) { [api] server in
            try await withConnection(to: try #require(server.port)) { _, outbound in
                let head = """
                    POST /v1/sd2.1-txt2img HTTP/1.1\r
                    Host: localhost\r
                    X-API-Key: \(try #require(api.key))\r
                    Content-Length: \(length)\r
                    \r

                    """
                try await outbound.write(ByteBuffer(string: head + "{}"))
                if length == 2 { for await _ in api.worker.starts.stream.prefix(1) {} }
            }
            // Before it is answered the server may not have to stop.
            while !lines.text.withLock({ $0.contains("http.status") }) { try await Task.sleep(for: .milliseconds(5)) }
        }
        let text = lines.text.withLock { $0 }
        #expect(text.contains(#""http.status": 499"#))
        #expect(!text.contains("Request failed"))
    }
}

/// Everything that was logged, at any level.
final class LogLines: Sendable {
    let text = Mutex("")
}

struct RecordingLogHandler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(lines: LogLines) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        lines.text.withLock { $0 += "\(event.message) \(all)\n" }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Logging
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

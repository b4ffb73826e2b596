// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore

/// An event of a `text/event-stream` (WHATWG HTML, 9.2).
struct ServerSentEvent {
    /// Where a reader goes on who comes back, if that is possible.
    var id: Int64?
    var name: String
    /// JSON, which has no line breaks.
    var data: Data

    /// A line that says nothing but that the stream is alive.
    static let heartbeat = ByteBuffer(string: ": alive\n\n")
    /// Tells readers to come back after a second when the stream breaks.
    static let opening = ByteBuffer(string: "retry: 1000\n\n")

    /// The event as it is sent.
    var bytes: ByteBuffer {
        var buffer = ByteBuffer(string: id.map { "id: \($0)\n" } ?? "")
        buffer.writeString("event: \(name)\ndata: ")
        buffer.writeBytes(data)
        buffer.writeString("\n\n")
        return buffer
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Synchronization

/// Reads the bodies of requests for pictures, as many at once as there is memory for.
///
/// A body may hold a picture of megabytes, and every connection may send one: what has come of all of them is counted, and
/// whoever sends more than there is memory for is asked to come back.
final class BodyReader: Sendable {
    private let maxBytes: Int
    private let memory: Int
    private let used = Mutex(0)

    /// How much of every body is not counted, so that a request without a picture is never refused for those with one.
    static let uncounted = 16 << 10

    /// - Parameters:
    ///   - maxBytes: How long a body may be.
    ///   - memory: How many bytes there may be of all that are being read.
    init(maxBytes: Int, memory: Int) {
        self.maxBytes = maxBytes
        self.memory = memory
    }

    /// Takes the body out of `request`, whose connection can be watched afterwards.
    ///
    /// - Parameter nesting: How deep values in the values of JSON are read.
    /// - Throws: ``APIError`` with `body_too_large` beyond what a body may have and `queue_full` beyond what all may have,
    ///   read no further; ``CallerLeft`` where the connection ends before the body does.
    func fields(in request: inout Request, nesting: Int = 0) async throws -> BodyFields {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > maxBytes { throw tooLarge }
        var bytes: [UInt8] = []
        var counted = 0
        defer { used.withLock { $0 -= counted } }
        do {
            for try await part in request.body {
                guard bytes.count + part.readableBytes <= maxBytes else { throw tooLarge }
                let more = max(0, bytes.count + part.readableBytes - Self.uncounted) - counted
                guard take(more) else { throw APIError.queueFull(retryAfter: .seconds(1)) }
                counted += more
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch let error where !(error is APIError || error is CancellationError) {
            throw CallerLeft()
        }
        // The request lives as long as it waits for its turn.
        request.body = RequestBody(buffer: ByteBuffer())
        return try BodyFields(bytes, contentType: request.headers[.contentType], nesting: nesting)
    }

    private func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard used + count <= memory else { return false }
            used += count
            return true
        }
    }

    private var tooLarge: APIError {
        var error = APIError(.bodyTooLarge, "The request's body must have at most \(maxBytes) bytes.")
        error.limit = "\(maxBytes) bytes"
        return error
    }
}

// SPDX-License-Identifier: Apache-2.0

import Dispatch
import ImageCodec
import Jobs
import Synchronization

/// Reads reference pictures one at a time, on a thread of its own, after fetching those that were sent as addresses.
///
/// A large picture takes seconds and a hundred megabytes: on the threads that answer requests a few of them would stop
/// all others, and all at once would fill the memory.
final class ReferenceImageReader: Sendable {
    private let limits: DecodingLimits
    private let outbound: OutboundClient
    private let decoding: Places
    private let fetching: Places
    private let queue = DispatchQueue(label: "darkroom.reference-images")

    /// How long fetching a picture may take, with all redirects.
    private static let fetchTimeout = Duration.seconds(15)
    private static let maxRedirects = 3

    init(configuration: APIConfiguration, outbound: OutboundClient) {
        limits = configuration.referenceLimits
        self.outbound = outbound
        decoding = Places(configuration.maxPendingReferences)
        fetching = Places(configuration.maxPendingFetches)
    }

    /// The picture in the `image` field.
    ///
    /// - Throws: ``APIError`` with `queue_full` at once when too many wait, else what reading the field throws.
    func read(_ field: FieldValue) async throws -> ReferenceImage {
        let field = try await fetched(field)
        return try await decoding.occupy {
            try await withCheckedThrowingContinuation { continuation in
                self.queue.async { [limits = self.limits] in
                    continuation.resume(with: Result { try ReferenceImage(field, limits: limits) })
                }
            }
        }
    }

    /// What is at a web address, or the field as it is if it is none.
    private func fetched(_ field: FieldValue) async throws -> FieldValue {
        guard case .text(let text) = field, Self.isWebAddress(text) else { return field }
        do {
            let url = try OutboundURL(text, policy: outbound.policy)
            return try await fetching.occupy {
                let request = OutboundRequest(url: url, headers: [("accept", "image/*")])
                let response = try await self.outbound.send(
                    request,
                    maxBytes: self.limits.maxBytes,
                    timeout: Self.fetchTimeout,
                    maxRedirects: Self.maxRedirects
                )
                guard response.status == 200 else { throw OutboundError.status(response.status) }
                return .file(response.body)
            }
        } catch let error as OutboundError {
            throw ReferenceImageError("cannot be fetched: \(error)")
        }
    }

    private static func isWebAddress(_ text: String) -> Bool {
        let start = text.prefix(8).lowercased()
        return start.hasPrefix("http://") || start.hasPrefix("https://")
    }
}

/// A number of places, each for one thing that is done at a time.
private final class Places: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) {
        free = Mutex(count)
    }

    /// Does `operation` in one of the places.
    ///
    /// - Throws: ``APIError`` with `queue_full` at once when all are taken.
    func occupy<Value>(_ operation: () async throws -> Value) async throws -> Value {
        let isFree = free.withLock { count in
            guard count > 0 else { return false }
            count -= 1
            return true
        }
        guard isFree else { throw APIError.queueFull(retryAfter: .seconds(1)) }
        defer { free.withLock { $0 += 1 } }
        return try await operation()
    }
}

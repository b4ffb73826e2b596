// SPDX-License-Identifier: Apache-2.0

import Dispatch
import ImageCodec
import Jobs
import Synchronization

/// Reads reference pictures one at a time, on a thread of its own.
///
/// A large picture takes seconds and a hundred megabytes: on the threads that answer requests a few of them would stop
/// all others, and all at once would fill the memory.
final class ReferenceImageDecoder: Sendable {
    private let limits: DecodingLimits
    private let maxPending: Int
    private let pending = Mutex(0)
    private let queue = DispatchQueue(label: "darkroom.reference-images")

    /// Reads pictures within `limits`; at most `maxPending` are read or wait for it.
    init(limits: DecodingLimits, maxPending: Int) {
        self.limits = limits
        self.maxPending = maxPending
    }

    /// The picture in the `image` field.
    ///
    /// - Throws: ``GenerationError/queueFull(retryAfter:)`` at once when too many wait, else what reading the field throws.
    func decode(_ field: FieldValue) async throws -> ReferenceImage {
        let hasPlace = pending.withLock { count in
            guard count < maxPending else { return false }
            count += 1
            return true
        }
        guard hasPlace else { throw GenerationError.queueFull(retryAfter: .seconds(1)) }
        defer { pending.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [limits] in
                continuation.resume(with: Result { try ReferenceImage(field, limits: limits) })
            }
        }
    }
}

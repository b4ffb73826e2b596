// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps the newest pictures in memory, up to a total size and an age; they are gone when the process ends.
package final class MemoryImageStore<C: Clock>: ImageStore where C.Duration == Duration {
    private struct Entry {
        var image: StoredImage
        var expires: C.Instant
    }

    private struct State {
        var entries: [ImageID: Entry] = [:]
        /// The names, the oldest first; ages are in the same order.
        var order: [ImageID] = []
        var byteCount = 0
    }

    /// How long a picture is kept, at most.
    package let lifetime: Duration
    private let maxBytes: Int
    private let clock: C
    private let state = Mutex(State())

    /// Keeps at most `maxBytes` of pictures for at most `lifetime`, by `clock`.
    ///
    /// The newest picture is kept even if it alone is larger than `maxBytes`.
    package init(maxBytes: Int = 256 << 20, lifetime: Duration = .seconds(3600), clock: C = ContinuousClock()) {
        self.maxBytes = maxBytes
        self.lifetime = lifetime
        self.clock = clock
    }

    /// Keeps a picture, and drops the oldest ones until the size and age limits hold.
    package func store(_ image: StoredImage) -> ImageID {
        let id = ImageID()
        let now = clock.now
        state.withLock { state in
            state.entries[id] = Entry(image: image, expires: now.advanced(by: lifetime))
            state.order.append(id)
            state.byteCount += image.bytes.count
            dropOldest(from: &state, now: now)
        }
        return id
    }

    /// The picture with this name, unless it was dropped or has expired.
    package func image(_ id: ImageID) -> StoredImage? {
        let now = clock.now
        return state.withLock { state in
            dropOldest(from: &state, now: now)
            return state.entries[id]?.image
        }
    }

    private func dropOldest(from state: inout State, now: C.Instant) {
        let kept = state.order.firstIndex { id in
            guard let entry = state.entries[id] else { return false }
            let isNewest = id == state.order.last
            guard entry.expires <= now || (state.byteCount > maxBytes && !isNewest) else { return true }
            state.entries[id] = nil
            state.byteCount -= entry.image.bytes.count
            return false
        }
        state.order.removeFirst(kept ?? state.order.count)
    }
}

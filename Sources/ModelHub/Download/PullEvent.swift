// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something to tell the person who waits for a model.
package enum PullEvent: Sendable, Equatable {
    /// What will be downloaded; of its bytes, `kept` are there from an attempt before.
    case planned(commit: CommitID, files: Int, bytes: Int, kept: Int)
    /// How many bytes of all are there.
    case progress(done: Int, total: Int)
    /// Something failed and will be tried again.
    case waiting(subject: String, reason: String, delay: Duration)
}

/// Adds up the bytes of files that are downloaded at the same time.
final class PullProgress: Sendable {
    private let total: Int
    private let done: Mutex<Int>
    private let onEvent: @Sendable (PullEvent) -> Void

    /// Events are told one at a time, and only of steps that a person could see.
    private static let step = 1_000_000

    init(done: Int, total: Int, onEvent: @escaping @Sendable (PullEvent) -> Void) {
        self.total = total
        self.done = Mutex(done)
        self.onEvent = onEvent
    }

    /// Counts bytes that arrived, or with a negative number that were thrown away.
    func add(_ bytes: Int) {
        done.withLock { done in
            let before = done
            done += bytes
            guard before / Self.step != done / Self.step || done == total else { return }
            onEvent(.progress(done: done, total: total))
        }
    }

    func tell(_ event: PullEvent) {
        done.withLock { _ in onEvent(event) }
    }
}

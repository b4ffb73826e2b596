// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Waits until what was committed to the write-ahead log is on disk.
///
/// SQLite's own way (`synchronous = FULL`) syncs inside each commit, while every other writer waits. Here commits are done
/// with `synchronous = NORMAL`, which writes the log without syncing it, and all those that were committed by the time a
/// sync begins share it. The log is synced from its beginning, so nothing is durable before what it was built on; SQLite
/// syncs it itself before it moves it into the database.
final class LogSync: Sendable {
    private struct State {
        var isRunning = false
        /// Those who committed before the next sync begins.
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let path: String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "darkroom.store.log")

    /// - Parameter path: The log's file. It exists as long as the database is open.
    init(path: String) {
        self.path = path
    }

    /// Returns once everything committed before the call is on disk.
    func sync() async throws(StoreError) {
        let isDone = await withCheckedContinuation { continuation in
            let starts = state.withLock { state in
                state.waiting.append(continuation)
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if starts { queue.async { self.run() } }
        }
        guard isDone else { throw .unreachable("the database's log cannot be written to disk") }
    }

    private func run() {
        while true {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                state.isRunning = !state.waiting.isEmpty
                return state.waiting
            }
            guard !waiting.isEmpty else { return }
            let isDone = syncFile()
            for continuation in waiting { continuation.resume(returning: isDone) }
        }
    }

    /// Whether the file is where it is looked for.
    var canBeOpened: Bool { FileManager.default.isReadableFile(atPath: path) }

    private func syncFile() -> Bool {
        // Opened anew each time: the file is another one after the database was closed by all and opened again.
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        return (try? file.synchronize()) != nil
    }
}

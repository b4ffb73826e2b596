// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One caller's connection, as those see it who work for the caller.
final class Connection: Sendable {
    private struct State {
        var isOpen = true
        var isReadingRequest = false
        var watchers: [Int: AsyncStream<Never>.Continuation] = [:]
        var nextWatcher = 0
    }

    private let state = Mutex(State())

    /// Whether the rest of a request is still to come.
    var isReadingRequest: Bool {
        get { state.withLock { $0.isReadingRequest } }
        set { state.withLock { $0.isReadingRequest = newValue } }
    }

    /// Tells everyone that the caller is gone.
    func close() {
        let watchers = state.withLock { state in
            state.isOpen = false
            defer { state.watchers = [:] }
            return state.watchers.values
        }
        for watcher in watchers { watcher.finish() }
    }

    /// Does `operation` as long as the caller is there.
    ///
    /// - Throws: ``CallerLeft`` as soon as the connection closes; the operation is cancelled then.
    func whileOpen<Value: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await self.waitUntilClosed()
                return nil
            }
            group.addTask { try await operation() }
            defer { group.cancelAll() }
            if case .some(let value?) = try await group.next() { return value }
            // The wait also ends when this task is cancelled, for whatever reason.
            try Task.checkCancellation()
            throw CallerLeft()
        }
    }

    private func waitUntilClosed() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let watcher = state.withLock { state -> Int? in
            guard state.isOpen else { return nil }
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        guard let watcher else { return }
        for await _ in stream {}
        state.withLock { $0.watchers[watcher] = nil }
    }
}

/// The connection was closed before there was an answer.
struct CallerLeft: Error {}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Sessions that are handed out one at a time: first those that were used last, so that few connections serve little work.
final class PostgresPool: Sendable {
    private struct State {
        var idle: [PostgresSession] = []
        var count = 0
        var waiting: [CheckedContinuation<PostgresSession, Never>] = []
        var firstWaiting = 0
    }

    private let url: String
    private let maxCount: Int
    private let state = Mutex(State())

    init(url: String, maxCount: Int) {
        self.url = url
        self.maxCount = maxCount
    }

    /// Does `body` with a session of its own.
    func withSession<Value: Sendable>(
        _ body: @Sendable (PostgresSession) async -> Value
    ) async -> Value {
        let session = await take()
        let value = await body(session)
        giveBack(session)
        return value
    }

    private func take() async -> PostgresSession {
        await withCheckedContinuation { continuation in
            let session = state.withLock { state -> PostgresSession? in
                if let session = state.idle.popLast() { return session }
                guard state.count < maxCount else {
                    state.waiting.append(continuation)
                    return nil
                }
                state.count += 1
                return PostgresSession(url: url)
            }
            if let session { continuation.resume(returning: session) }
        }
    }

    private func giveBack(_ session: PostgresSession) {
        let next = state.withLock { state -> CheckedContinuation<PostgresSession, Never>? in
            guard state.firstWaiting < state.waiting.count else {
                state.waiting = []
                state.firstWaiting = 0
                state.idle.append(session)
                return nil
            }
            defer { state.firstWaiting += 1 }
            return state.waiting[state.firstWaiting]
        }
        next?.resume(returning: session)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Those who wait for changes, each as long as it is patient.
final class ChangeWaiters: Sendable {
    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
    }

    private struct Waiter {
        var topic: ChangeTopic
        var stream: AsyncStream<Void>.Continuation
    }

    private let state = Mutex(State())

    /// Whether nobody waits.
    var isEmpty: Bool { state.withLock { $0.waiters.isEmpty } }

    /// Somebody more: an element whenever it is woken, until its patience ends or it goes away.
    func changes(of topic: ChangeTopic, for patience: Duration) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        guard patience > .zero else {
            continuation.finish()
            return stream
        }
        let id = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(topic: topic, stream: continuation)
            return state.nextWaiter
        }
        let timer = Task {
            try await Task.sleep(for: patience)
            continuation.finish()
        }
        continuation.onTermination = { [self] _ in
            timer.cancel()
            state.withLock { $0.waiters[id] = nil }
        }
        return stream
    }

    /// Wakes those who wait for a topic that is concerned.
    func wake(where isConcerned: (ChangeTopic) -> Bool) {
        let woken = state.withLock { state in state.waiters.values.filter { isConcerned($0.topic) } }
        for waiter in woken { waiter.stream.yield() }
    }
}

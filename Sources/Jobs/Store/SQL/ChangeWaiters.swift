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
        var isOneOfMany: Bool
        var stream: AsyncStream<Void>.Continuation
    }

    private let state = Mutex(State())

    /// Whether nobody waits.
    var isEmpty: Bool { state.withLock { $0.waiters.isEmpty } }

    /// Somebody more: an element whenever it is woken, until its patience ends or it goes away.
    ///
    /// - Parameter isOneOfMany: Whether ``wake(_:where:)`` may pass it over.
    func changes(of topic: ChangeTopic, for patience: Duration, isOneOfMany: Bool) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        guard patience > .zero else {
            continuation.finish()
            return stream
        }
        let id = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(topic: topic, isOneOfMany: isOneOfMany, stream: continuation)
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

    /// Wakes those who wait for a topic that is concerned, and returns how many they are.
    ///
    /// Of those who are some of many, it is about this share.
    @discardableResult
    func wake(_ share: WakeUpShare = .all, where isConcerned: (ChangeTopic) -> Bool) -> Int {
        let concerned = state.withLock { state in state.waiters.values.filter { isConcerned($0.topic) } }
        let woken = concerned.filter { !$0.isOneOfMany || share.takesOne() }
        for waiter in woken { waiter.stream.yield() }
        return woken.count
    }
}

// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import Synchronization

/// Wakes those who wait for something to happen to a job, whichever process makes it happen.
///
/// Every change that anyone waits for adds a row to the table of events. While somebody waits, the end of that table is
/// looked at: at once after each transaction of this process, and every few milliseconds for those of others.
final class SQLiteChangeFeed: Sendable {
    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
        /// Whether a look is planned.
        var isTicking = false
        /// Whether a look is about to begin.
        var isLooking = false
        /// The newest event that was seen, while somebody waits.
        var position: Int64?
        var lastChange = ContinuousClock.now
    }

    private struct Waiter {
        var topic: ChangeTopic
        var stream: AsyncStream<Void>.Continuation
    }

    private let pool: DatabasePool
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "darkroom.store.changes")

    /// How often others' changes are looked for: often while there are any.
    private static let interval = (
        busy: DispatchTimeInterval.milliseconds(2), idle: DispatchTimeInterval.milliseconds(20)
    )
    private static let busyTime = Duration.seconds(2)

    init(pool: DatabasePool) {
        self.pool = pool
    }

    /// An element whenever something may have happened, for as long as `patience` lasts.
    ///
    /// What happens after the call is not missed: look for what one waits for after it, and again after each element.
    func changes(of topic: ChangeTopic, for patience: Duration) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        guard patience > .zero else {
            continuation.finish()
            return stream
        }
        let (id, startsTicking) = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(topic: topic, stream: continuation)
            defer { state.isTicking = true }
            return (state.nextWaiter, !state.isTicking)
        }
        let timer = Task {
            try await Task.sleep(for: patience)
            continuation.finish()
        }
        continuation.onTermination = { [self] _ in
            timer.cancel()
            state.withLock { state in
                state.waiters[id] = nil
                if state.waiters.isEmpty { state.position = nil }
            }
        }
        if startsTicking { queue.async { self.tick() } }
        return stream
    }

    /// Looks for changes now, because this process has made one.
    func lookNow() {
        let isNeeded = state.withLock { state in
            guard !state.waiters.isEmpty, !state.isLooking else { return false }
            state.isLooking = true
            return true
        }
        guard isNeeded else { return }
        queue.async { [self] in
            state.withLock { $0.isLooking = false }
            look()
        }
    }

    private func tick() {
        look()
        let interval = state.withLock { state in
            state.isTicking = !state.waiters.isEmpty
            guard state.isTicking else { return DispatchTimeInterval?.none }
            return ContinuousClock.now - state.lastChange < Self.busyTime ? Self.interval.busy : Self.interval.idle
        }
        guard let interval else { return }
        queue.asyncAfter(deadline: .now() + interval) { self.tick() }
    }

    /// Wakes those who wait for one of the events since the last look.
    private func look() {
        let position = state.withLock { $0.position }
        // A look that fails is made up for by the next one.
        guard let news = try? pool.read({ try News($0, after: position) }) else { return }
        let woken = state.withLock { state in
            guard !state.waiters.isEmpty else { return [Waiter]() }
            state.position = news.position
            guard !news.topics.isEmpty || position == nil else { return [] }
            state.lastChange = .now
            // At the first look, something may have happened just before it.
            return state.waiters.values.filter { position == nil || news.topics.contains($0.topic) }
        }
        for waiter in woken { waiter.stream.yield() }
    }
}

/// The events at the end of the table.
private struct News: Sendable {
    var topics: Set<ChangeTopic> = []
    var position: Int64

    init(_ db: Database, after position: Int64?) throws {
        guard let position else {
            self.position = try Int64.fetchOne(db.cachedStatement(sql: "SELECT MAX(id) FROM event")) ?? 0
            return
        }
        self.position = position
        let statement = try db.cachedStatement(
            sql: """
                SELECT event.id, job.id AS job, event.kind FROM event JOIN job ON job.sequence = event.job
                WHERE event.id > ? ORDER BY event.id
                """
        )
        for row in try Row.fetchAll(statement, arguments: [position]) {
            self.position = row["id"]
            if let job = JobID(row["job"] as String) { topics.insert(.job(job)) }
            if row["kind"] == "queued" { topics.insert(.work) }
        }
    }
}

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
        /// Whether a look is planned.
        var isTicking = false
        /// Whether a look is about to begin.
        var isLooking = false
        /// The newest event that was seen, while somebody waits.
        var position: Int64?
        var lastChange = ContinuousClock.now
    }

    private let pool: DatabasePool
    private let waiters = ChangeWaiters()
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

    /// See ``SQLStore/changes(of:for:isOneOfMany:)``.
    func changes(of topic: ChangeTopic, for patience: Duration) -> AsyncStream<Void> {
        let changes = waiters.changes(of: topic, for: patience, isOneOfMany: false)
        guard patience > .zero else { return changes }
        let startsTicking = state.withLock { state in
            defer { state.isTicking = true }
            return !state.isTicking
        }
        if startsTicking { queue.async { self.tick() } }
        return changes
    }

    /// Looks for changes now, because this process has made one.
    func lookNow() {
        let isNeeded = state.withLock { state in
            guard !waiters.isEmpty, !state.isLooking else { return false }
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
            state.isTicking = !waiters.isEmpty
            guard state.isTicking else {
                state.position = nil
                return DispatchTimeInterval?.none
            }
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
        guard !waiters.isEmpty else { return }
        // At the first look, something may have happened just before it.
        let isFirst = position == nil
        state.withLock { state in
            state.position = news.position
            if isFirst || !news.topics.isEmpty { state.lastChange = .now }
        }
        waiters.wake { isFirst || news.topics.contains($0) }
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

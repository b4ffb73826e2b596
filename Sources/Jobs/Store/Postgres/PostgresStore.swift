// SPDX-License-Identifier: Apache-2.0

/// All that Darkroom remembers, in a PostgreSQL database that gateways and workers on any number of machines share.
///
/// Transactions write at the same time and lock what they decide on (``StoreTransaction``). One that was undone because the
/// server or the network was gone is done again until ``patience`` is over. So is one whose commit was not answered; it
/// carries a ``TransactionToken``, so that it does not happen twice.
package struct PostgresStore: SQLStore {
    package let policy: StorePolicy
    private let pool: PostgresPool
    private let feed: PostgresChangeFeed
    private let clock = DatabaseClock()
    /// A test's time in place of the database's.
    private let testClock: (@Sendable () -> Timestamp)?

    /// How long a call waits for a server that cannot be reached.
    private static let patience = Duration.seconds(15)

    /// Opens the store, making or updating its tables if need be.
    ///
    /// - Parameters:
    ///   - url: The database's address, as libpq reads it: `postgresql://user@host/database?sslmode=verify-full`.
    ///   - createsTables: Whether tables are made where there are none.
    ///   - maxConnections: The most transactions at a time.
    ///   - now: A test's time in place of the database's.
    package init(
        url: String,
        policy: StorePolicy = StorePolicy(),
        createsTables: Bool = true,
        maxConnections: Int = 8,
        now: (@Sendable () -> Timestamp)? = nil
    ) async throws(StoreError) {
        self.policy = policy
        testClock = now
        pool = PostgresPool(url: url, maxCount: maxConnections)
        feed = PostgresChangeFeed(url: url)
        try await migrate(url, createsTables: createsTables)
        _ = try await read { $0.now }
    }

    package var now: Timestamp { testClock?() ?? clock.now }

    package func write<Value: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        // One token for all attempts.
        let token = durability == .machine ? TransactionToken(at: now) : nil
        return try await attempt { session in
            await session.transaction(.write(token)) { connection in
                try body(transaction(on: connection, isWriting: true))
            }
        }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await attempt { session in
            await session.transaction(.read) { connection in try body(transaction(on: connection)) }
        }
    }

    package func look<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await attempt { session in
            await session.withConnection { connection in try body(transaction(on: connection)) }
        }
    }

    package func changes(of topic: ChangeTopic, for patience: Duration, isOneOfMany: Bool) -> AsyncStream<Void> {
        feed.changes(of: topic, for: patience, isOneOfMany: isOneOfMany)
    }

    /// Does a transaction, again and again while that may help.
    private func attempt<Value: Sendable>(
        _ body: @Sendable (PostgresSession) async -> PostgresSession.Outcome<Value>
    ) async throws(StoreError) -> Value {
        var retries = Retries(patience: Self.patience)
        // What an attempt did whose commit was not answered. It may be done, whatever later attempts meet.
        var unanswered: (value: Value, changes: Set<ChangeTopic>)?
        let unknown = StoreError.unreachable("the connection was lost while a transaction was committed")
        while true {
            switch await pool.withSession(body) {
            case .committed(let value, let changes):
                feed.announce(changes)
                return value
            case .uncertain(let value, let changes):
                unanswered = (value, changes)
                guard await retries.waitForServer() else { throw unknown }
            case .alreadyCommitted:
                guard let unanswered else { throw .damaged("a transaction's token is taken") }
                feed.announce(unanswered.changes)
                return unanswered.value
            case .failed(let error):
                guard unanswered != nil, error.meansUndone else { throw error }
                guard await retries.waitForServer() else { throw unknown }
            case .conflict:
                guard await retries.waitAfterConflict() else { throw unanswered == nil ? .busy : unknown }
            case .unreachable(let reason):
                guard await retries.waitForServer() else { throw unanswered == nil ? .unreachable(reason) : unknown }
            }
        }
    }

    /// What a transaction's body works on, at the database's time.
    private func transaction(
        on connection: PostgresConnection,
        isWriting: Bool = false
    ) throws -> StoreTransaction {
        StoreTransaction(
            connection: connection,
            now: try testClock?() ?? clock.time(on: connection),
            policy: policy,
            isWriting: isWriting
        )
    }

    private func migrate(_ url: String, createsTables: Bool) async throws(StoreError) {
        let outcome = await PostgresSession(url: url).withConnection { connection in
            try PostgresSchema.migrate(connection, createsTables: createsTables)
        }
        switch outcome {
        case .committed: return
        case .unreachable(let reason): throw .unreachable(reason)
        case .failed(let error): throw error
        case .conflict, .uncertain, .alreadyCommitted: throw .busy
        }
    }
}

/// The waits between the attempts at a transaction.
private struct Retries {
    private let end: ContinuousClock.Instant
    private var wait = Duration.zero
    private var conflicts = 0

    init(patience: Duration) {
        end = .now + patience
    }

    /// Waits before the next attempt to reach the server, at first not at all; `false` when there is to be none.
    mutating func waitForServer() async -> Bool {
        guard .now < end else { return false }
        await sleep(wait)
        wait = min(max(wait * 2, .milliseconds(50)), .seconds(1))
        return true
    }

    /// Waits a moment, another one for each of those that met.
    mutating func waitAfterConflict() async -> Bool {
        conflicts += 1
        guard conflicts <= 20 else { return false }
        await sleep(.milliseconds(Int.random(in: 1...(5 * conflicts))))
        return true
    }

    /// Sleeps whether or not the task is cancelled: what was begun is done.
    private func sleep(_ duration: Duration) async {
        guard duration > .zero else { return }
        await Task { try? await Task.sleep(for: duration) }.value
    }
}

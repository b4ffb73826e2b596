// SPDX-License-Identifier: Apache-2.0

/// A store in a database that speaks SQL.
///
/// What it does is the same in all of them (``StoreTransaction``). They differ in how a transaction comes about, how it
/// survives, and how the news of it spreads.
package protocol SQLStore: Store {
    var policy: StorePolicy { get }

    /// Does `body` as one transaction, completely or not at all.
    ///
    /// Not stopped by the cancellation of the task, so that whoever goes away can still cancel a job. `body` may be done more
    /// than once; only the last time counts.
    func write<Value: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value

    /// Does `body` on one state of the database.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value

    /// Does `body`, each of whose statements may see a newer state than the one before, at a time that may be a little old.
    func look<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value

    /// An element whenever something may have happened, for as long as `patience` lasts.
    ///
    /// What happens after the call is not missed: look for what one waits for after it, and again after each element.
    ///
    /// - Parameter isOneOfMany: Whether it is enough that some of those who wait for this are woken. Whoever is passed over is
    ///   to look by itself every few seconds.
    func changes(of topic: ChangeTopic, for patience: Duration, isOneOfMany: Bool) -> AsyncStream<Void>
}

/// Whether a transaction survives a power failure when its method returns.
package enum Durability: Sendable {
    /// It does.
    case machine
    /// It survives the end of every process; after a power failure the same work is done again.
    case process
}

extension SQLStore {
    package func look<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await read(body)
    }

    /// Does `body` as one transaction that survives a power failure.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await write(.machine, body)
    }
}

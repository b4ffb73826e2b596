// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A store in one SQLite file, for one machine.
///
/// Any number of processes open the file at once. It is in WAL mode: readers never wait, writers wait for each other.
///
/// A transaction can be seen by everyone as soon as it is committed, and a commit outlives any process. What must outlive
/// the machine too — whatever moves credits or was promised to a caller — is returned only once the log is on disk
/// (``LogSync``).
package struct SQLiteStore: SQLStore {
    let pool: DatabasePool
    package let policy: StorePolicy
    let log: LogSync
    let feed: SQLiteChangeFeed
    private let clock: @Sendable () -> Timestamp

    /// Opens the store in the file at `path`, making or updating its tables if need be.
    ///
    /// - Parameters:
    ///   - createsFile: Whether a file that is not there is made. It can be read by its owner only.
    ///   - now: The time.
    package init(
        path: String,
        policy: StorePolicy = StorePolicy(),
        createsFile: Bool = true,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) async throws(StoreError) {
        self.policy = policy
        clock = now
        // SQLite keeps its log beside the file itself, wherever a link to it lies.
        let path = URL(filePath: path).resolvingSymlinksInPath().path
        pool = try await Self.open(path, createsFile: createsFile)
        log = LogSync(path: path + "-wal")
        // What cannot be made durable is better refused now than after it is done. Not synced: a worker's start would wait.
        guard log.canBeOpened else { throw .unreachable("the database's log is not beside '\(path)'") }
        feed = SQLiteChangeFeed(pool: pool)
    }

    package var now: Timestamp { clock() }

    package func changes(of topic: ChangeTopic, for patience: Duration, isOneOfMany: Bool) -> AsyncStream<Void> {
        // The workers of one machine are few.
        feed.changes(of: topic, for: patience)
    }

    package func write<Value: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                continuation.resume(
                    returning: Result {
                        try db.beginTransaction(.immediate)
                        do {
                            let value = try body(transaction(on: db, isWriting: true))
                            try db.commit()
                            return value
                        } catch {
                            // SQLite may have done so itself.
                            if db.isInsideTransaction { try? db.rollback() }
                            throw error
                        }
                    }
                    .mapError(StoreError.init)
                )
            }
        }
        let value = try result.get()
        feed.lookNow()
        if durability == .machine { try await log.sync() }
        return value
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { continuation in
            pool.asyncRead { connection in
                continuation.resume(
                    returning: Result {
                        try body(transaction(on: try connection.get(), isWriting: false))
                    }
                    .mapError(StoreError.init)
                )
            }
        }
        return try result.get()
    }

    private func transaction(on database: Database, isWriting: Bool) -> StoreTransaction {
        StoreTransaction(
            connection: SQLiteConnection(database: database),
            now: now,
            policy: policy,
            isWriting: isWriting
        )
    }

    /// Opens the file, and tries again while others make it: SQLite does not wait for those who change a file's mode.
    private static func open(_ path: String, createsFile: Bool) async throws(StoreError) -> DatabasePool {
        for _ in 0..<200 {
            do {
                return try openOnce(path, createsFile: createsFile)
            } catch {
                guard case .busy = StoreError(error) else { throw StoreError(error) }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        throw .busy
    }

    private static func openOnce(_ path: String, createsFile: Bool) throws -> DatabasePool {
        if !FileManager.default.fileExists(atPath: path) {
            guard createsFile else { throw StoreError.unreachable("there is no file '\(path)'") }
            // Made before SQLite does, which gives the log files the same permissions.
            guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw StoreError.unreachable("cannot create '\(path)'") }
        }
        var configuration = Configuration()
        configuration.label = "darkroom.store"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .callback { tries in
            // Transactions take less than a millisecond: short waits, for ten seconds.
            usleep(1000)
            return tries < 10_000
        }
        configuration.prepareDatabase { db in
            guard !db.configuration.readonly else { return }
            try db.execute(
                sql: """
                    PRAGMA auto_vacuum = INCREMENTAL;
                    PRAGMA synchronous = NORMAL;
                    """
            )
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        let migrator = SQLiteSchema.migrator
        guard try !pool.read(migrator.hasBeenSuperseded) else { throw StoreError.newerVersion }
        let applied = try pool.read(migrator.appliedIdentifiers)
        do {
            try migrator.migrate(pool)
        } catch {
            // Another process may have been faster, and may not be done yet.
            guard try pool.read(migrator.appliedIdentifiers) != applied else { throw error }
            throw StoreError.busy
        }
        return pool
    }
}

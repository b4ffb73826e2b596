// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// A place for a connection, with a thread of its own to wait on; it connects when it has something to do, and again when
/// the connection was lost.
actor PostgresSession {
    /// What became of a transaction.
    enum Outcome<Value: Sendable>: Sendable {
        case committed(Value, changes: Set<ChangeTopic>)
        /// It got into another one's way and was undone; it can be done again at once.
        case conflict
        /// It was undone, because the server is gone.
        case unreachable(String)
        /// The server was gone before it said whether the transaction was committed; it can be done again, and is then either
        /// done or ``alreadyCommitted``.
        case uncertain(Value, changes: Set<ChangeTopic>)
        /// It was committed before.
        case alreadyCommitted
        case failed(StoreError)
    }

    /// How a transaction is begun.
    enum Mode: Sendable {
        case read
        /// With a token, the transaction survives a power failure and happens once, however often it is done.
        case write(TransactionToken?)

        var beginning: [SQLStatement] {
            switch self {
            case .read:
                [SQLStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")]
            case .write(let token?):
                [
                    SQLStatement("BEGIN"),
                    SQLStatement("INSERT INTO \(TransactionToken.table) (token) VALUES (?)", token.description),
                ]
            case .write(nil):
                // The commit can be seen before it is on the server's disk.
                [SQLStatement("BEGIN"), SQLStatement("SET LOCAL synchronous_commit = off")]
            }
        }
    }

    private let url: String
    private let patience: Duration
    private let executor = QueueExecutor(label: "darkroom.store.postgres")
    private var connection: PostgresConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(url: String, patience: Duration = PostgresConnection.standardPatience) {
        self.url = url
        self.patience = patience
    }

    /// Does `body` as one transaction.
    func transaction<Value: Sendable>(
        _ mode: Mode,
        _ body: @Sendable (PostgresConnection) throws -> Value
    ) -> Outcome<Value> {
        do {
            let connection = try connect()
            let value = try undoing(connection) {
                try connection.begin(with: mode.beginning)
                return try body(connection)
            }
            return commit(value, on: connection)
        } catch {
            return outcome(of: error)
        }
    }

    /// Does `body`, and undoes the transaction it is in if it throws.
    private func undoing<Value>(_ connection: PostgresConnection, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            // Without a connection, the server does it by itself.
            try connection.rollBack()
            throw error
        }
    }

    private func commit<Value: Sendable>(
        _ value: Value,
        on connection: PostgresConnection
    ) -> Outcome<Value> {
        let changes = connection.changedTopics
        do {
            try connection.commit()
            return .committed(value, changes: changes)
        } catch {
            guard case PostgresConnection.Failure.connectionLost = error else {
                try? connection.rollBack()
                return outcome(of: error)
            }
            self.connection = nil
            return .uncertain(value, changes: changes)
        }
    }

    /// Does `body` without beginning a transaction.
    func withConnection<Value: Sendable>(
        _ body: @Sendable (PostgresConnection) throws -> Value
    ) -> Outcome<Value> {
        do {
            return .committed(try body(try connect()), changes: [])
        } catch {
            return outcome(of: error)
        }
    }

    private func connect() throws -> PostgresConnection {
        if let connection, connection.isConnected { return connection }
        connection = nil
        let new = try PostgresConnection(url, patience: patience)
        connection = new
        return new
    }

    private func outcome<Value: Sendable>(of error: any Error) -> Outcome<Value> {
        forget(error)
        return switch error {
        case PostgresConnection.Failure.connectionLost(let reason): .unreachable(reason)
        // Where the other one was still about to be committed, the server has waited for its end.
        case PostgresConnection.Failure.refused(TransactionToken.isTaken, _, TransactionToken.table): .alreadyCommitted
        case PostgresConnection.Failure.refused(let state, let message, _):
            PostgresErrorClass(state: state).outcome(message)
        case let error as StoreError: .failed(error)
        // What was stored does not decode.
        default: .failed(.damaged("\(error)"))
        }
    }

    /// Lets go of a connection that an error has shown to be of no use.
    private func forget(_ error: any Error) {
        switch error {
        case PostgresConnection.Failure.connectionLost: connection = nil
        // A table has got a column, by a newer version, since a statement was compiled on this connection.
        case PostgresConnection.Failure.refused(state: "0A000", _, _): connection = nil
        // It has become a replica of a server that the address may name as well.
        case PostgresConnection.Failure.refused(state: "25006", _, _): connection = nil
        default: break
        }
    }
}

/// What a transaction writes so that it happens once: a second one with the same token is refused.
///
/// The server's own numbers of transactions would not do: those that were not yet on disk are given out again after a crash.
struct TransactionToken: CustomStringConvertible, Sendable {
    let description: String

    static let table = "transaction_token"
    /// The state in which the server refuses a second one: a unique violation.
    static let isTaken = "23505"
    /// How long a token is kept: much longer than anybody tries.
    static let lifetime = Duration.seconds(3600)

    /// A new token.
    init(at now: Timestamp) {
        description = "\(now.milliseconds)-\(UUID().uuidString)"
    }

    /// What every token made before `time` is less than, and no other.
    static func bound(_ time: Timestamp) -> String { "\(time.milliseconds)" }
}

/// A thread to wait on, for an actor whose calls block.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// What an error of the server means to whoever uses the store: the classes of PostgreSQL's appendix A.
private struct PostgresErrorClass {
    let state: String

    func outcome<Value: Sendable>(_ message: String) -> PostgresSession.Outcome<Value> {
        switch state {
        // Serialization failure, deadlock, a compiled statement whose columns are others now.
        case "40001", "40P01", "0A000": .conflict
        // Disk full.
        case "53100": .failed(.full)
        // Lock not available, a statement that took too long.
        case "55P03", "57014": .failed(.busy)
        // A transaction that may only read, a database that only may be read from.
        case "25006": .failed(.readOnly)
        // Starting, stopping, too many connections.
        case "57P01", "57P02", "57P03", "53300": .unreachable(message)
        case _ where state.hasPrefix("08"): .unreachable(message)
        default: .failed(.damaged(message))
        }
    }
}

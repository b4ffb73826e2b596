// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What one transaction does to the database, at one time: the statements behind every method of a ``SQLStore``.
///
/// What a method decides it decides on what it reads in the same transaction; nothing is remembered between two of them.
///
/// Where transactions write at the same time, they lock what they decide on, and all of them in this order: the account
/// (``lock(_:)``), the job, the key, the ledger's balances by name. One that changes several jobs locks them without
/// waiting. So no two wait for each other.
package struct StoreTransaction {
    let connection: any SQLConnection
    let now: Timestamp
    let policy: StorePolicy
    /// Whether it changes anything; if not, it locks nothing.
    let isWriting: Bool
}

extension StoreTransaction {
    /// Runs a statement whose answer nobody needs; it need not have been run yet when this returns.
    func run(_ sql: String, _ arguments: (any SQLStorable)?...) throws {
        try connection.run(SQLStatement(sql: sql, arguments: arguments.map { $0?.sqlValue ?? .null }))
    }

    /// The rows a statement gives.
    func rows(_ sql: String, _ arguments: (any SQLStorable)?...) throws -> [SQLRow] {
        try rows(of: SQLStatement(sql: sql, arguments: arguments.map { $0?.sqlValue ?? .null }))
    }

    /// The rows a statement gives.
    func rows(of statement: SQLStatement) throws -> [SQLRow] {
        try connection.rows([statement]).first ?? []
    }

    /// The first row a statement gives.
    func row(_ sql: String, _ arguments: (any SQLStorable)?...) throws -> SQLRow? {
        try rows(of: SQLStatement(sql: sql, arguments: arguments.map { $0?.sqlValue ?? .null })).first
    }

    /// Ends a `SELECT` of rows that a writing transaction is about to change.
    func clause(_ lock: SQLDialect.Lock, of table: String? = nil) -> String {
        isWriting ? connection.dialect.clause(lock, of: table) : ""
    }

    /// Keeps others from spending an account's credits until the transaction ends.
    func lock(_ account: AccountID) throws {
        guard connection.dialect == .postgres else { return }
        // Not the account's row, which workers change as they take turns.
        try run("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", account)
    }
}

/// Values that are stored as JSON.
enum StoredJSON {
    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

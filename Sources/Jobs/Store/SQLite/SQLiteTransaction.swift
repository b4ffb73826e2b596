// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// What one transaction does to the database, at one time: the statements behind every method of ``SQLiteStore``.
///
/// What a method decides it decides on what it reads in the same transaction; nothing is remembered between two of them.
struct SQLiteTransaction {
    let db: Database
    let now: Timestamp
    let policy: StorePolicy
}

extension SQLiteTransaction {
    /// Runs a statement that is compiled once for each connection.
    func run(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws {
        try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
    }

    /// The rows a statement gives.
    func rows(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    /// The first row a statement gives.
    func row(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    /// The first column of the first row a statement gives; 0 when it gives none.
    func number(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: StatementArguments(arguments)) ?? 0
    }
}

// The domain's values as columns.

extension Timestamp: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { milliseconds.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        Int64.fromDatabaseValue(value).map(Timestamp.init(milliseconds:))
    }
}

extension Credits: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { microcredits.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Credits? {
        Int64.fromDatabaseValue(value).map(Credits.init(microcredits:))
    }
}

/// A name that is stored as its text.
protocol DatabaseText: DatabaseValueConvertible, LosslessStringConvertible {}

extension DatabaseText {
    var databaseValue: DatabaseValue { description.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        String.fromDatabaseValue(value).flatMap(Self.init)
    }
}

extension AccountID: DatabaseText {}
extension KeyID: DatabaseText {}
extension JobID: DatabaseText {}
extension ImageID: DatabaseText {}
extension LedgerAccount: DatabaseText {}

/// Values that are stored as JSON.
enum StoredJSON {
    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

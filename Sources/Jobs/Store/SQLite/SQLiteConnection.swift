// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A connection to the file, as the statements of a store see it.
struct SQLiteConnection: SQLConnection {
    let database: Database

    var dialect: SQLDialect { .sqlite }

    func run(_ statement: SQLStatement) throws {
        try database.cachedStatement(sql: statement.sql).execute(arguments: StatementArguments(statement.arguments))
    }

    func rows(_ statements: [SQLStatement]) throws -> [[SQLRow]] {
        try statements.map(rows)
    }

    private func rows(_ statement: SQLStatement) throws -> [SQLRow] {
        let found = try Row.fetchAll(
            database.cachedStatement(sql: statement.sql),
            arguments: StatementArguments(statement.arguments)
        )
        // The rows know their columns; a statement may have been compiled before others were added.
        let names = found.first.map { Array($0.columnNames) } ?? []
        let columns = Dictionary(
            names.enumerated().map { ($0.element, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        return found.map { SQLRow(columns: columns, values: $0.databaseValues.map(SQLValue.init)) }
    }

    /// Nothing: ``SQLiteChangeFeed`` looks for itself.
    func willChange(_ topic: ChangeTopic) {}
}

extension SQLValue: DatabaseValueConvertible {
    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .bytes(let value): Data(value).databaseValue
        }
    }

    static func fromDatabaseValue(_ value: DatabaseValue) -> SQLValue? {
        SQLValue(value)
    }

    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let value): self = .integer(value)
        // No column holds one.
        case .double(let value): self = .text("\(value)")
        case .string(let value): self = .text(value)
        case .blob(let value): self = .bytes([UInt8](value))
        }
    }
}

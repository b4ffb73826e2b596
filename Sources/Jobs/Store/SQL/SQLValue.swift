// SPDX-License-Identifier: Apache-2.0

/// A value in a table.
enum SQLValue: Equatable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
}

/// A type whose values are stored in one column.
protocol SQLStorable {
    var sqlValue: SQLValue { get }

    /// `nil` for a value that this type does not write.
    init?(sqlValue: SQLValue)
}

/// One row of a statement's answer.
struct SQLRow: Sendable {
    /// The place of each column; shared by all rows of an answer.
    let columns: [String: Int]
    let values: [SQLValue]

    /// What a column holds, which must not be null.
    subscript<Value: SQLStorable>(_ column: String) -> Value {
        get throws {
            let stored = try value(of: column)
            guard let value = Value(sqlValue: stored) else { throw Self.misfit(column) }
            return value
        }
    }

    /// What a column holds; `nil` for null.
    subscript<Value: SQLStorable>(_ column: String) -> Value? {
        get throws {
            let stored = try value(of: column)
            guard stored != .null else { return nil }
            guard let value = Value(sqlValue: stored) else { throw Self.misfit(column) }
            return value
        }
    }

    private func value(of column: String) throws -> SQLValue {
        guard let index = columns[column] else { throw StoreError.damaged("there is no column '\(column)'") }
        return values[index]
    }

    private static func misfit(_ column: String) -> StoreError {
        .damaged("the column '\(column)' holds something else than it should")
    }
}

extension Int64: SQLStorable {
    var sqlValue: SQLValue { .integer(self) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let value) = sqlValue else { return nil }
        self = value
    }
}

extension Int: SQLStorable {
    var sqlValue: SQLValue { .integer(Int64(self)) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let value) = sqlValue else { return nil }
        self.init(exactly: value)
    }
}

extension String: SQLStorable {
    var sqlValue: SQLValue { .text(self) }

    init?(sqlValue: SQLValue) {
        guard case .text(let value) = sqlValue else { return nil }
        self = value
    }
}

extension [UInt8]: SQLStorable {
    var sqlValue: SQLValue { .bytes(self) }

    init?(sqlValue: SQLValue) {
        guard case .bytes(let value) = sqlValue else { return nil }
        self = value
    }
}

// The domain's values as columns.

extension Timestamp: SQLStorable {
    var sqlValue: SQLValue { .integer(milliseconds) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let value) = sqlValue else { return nil }
        self.init(milliseconds: value)
    }
}

extension Credits: SQLStorable {
    var sqlValue: SQLValue { .integer(microcredits) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let value) = sqlValue else { return nil }
        self.init(microcredits: value)
    }
}

/// A name that is stored as its text.
protocol SQLText: SQLStorable, LosslessStringConvertible {}

extension SQLText {
    var sqlValue: SQLValue { .text(description) }

    init?(sqlValue: SQLValue) {
        guard case .text(let value) = sqlValue else { return nil }
        self.init(value)
    }
}

extension AccountID: SQLText {}
extension KeyID: SQLText {}
extension JobID: SQLText {}
extension ImageID: SQLText {}
extension LedgerAccount: SQLText {}

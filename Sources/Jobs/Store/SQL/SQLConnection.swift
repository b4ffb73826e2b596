// SPDX-License-Identifier: Apache-2.0

/// A connection to a database that speaks SQL, as the statements of a store see it.
///
/// Parameters are written as SQLite does: `?` for the next argument, `?1` for the first. Statements are compiled once for
/// each connection, so their text does not depend on what they are about.
protocol SQLConnection {
    var dialect: SQLDialect { get }

    /// Runs a statement whose answer nobody needs, at the latest together with the next that somebody does.
    ///
    /// Its error may be that of a later call; the transaction is undone in any case.
    func run(_ statement: SQLStatement) throws

    /// The rows that each of several statements gives, in one round trip where there is a way to go.
    func rows(_ statements: [SQLStatement]) throws -> [[SQLRow]]

    /// Says that the present transaction changes what others may wait for.
    func willChange(_ topic: ChangeTopic)
}

/// A statement with its arguments.
struct SQLStatement {
    let sql: String
    let arguments: [SQLValue]
}

extension SQLStatement {
    init(_ sql: String, _ arguments: (any SQLStorable)?...) {
        self.init(sql: sql, arguments: arguments.map { $0?.sqlValue ?? .null })
    }
}

/// In what the databases differ that a store's statements have to know about.
enum SQLDialect {
    /// One transaction writes at a time, and sees everything before it.
    case sqlite
    /// Transactions write at the same time, on rows they have locked.
    case postgres

    /// How rows that are about to be changed are kept from others.
    enum Lock {
        /// Waits for those who are about to change them.
        case waiting
        /// Leaves those rows out.
        case skipping
    }

    /// Ends a `SELECT` of rows that are about to be changed, of `table` only where it reads several.
    func clause(_ lock: Lock, of table: String? = nil) -> String {
        guard self == .postgres else { return "" }
        let rows = "FOR UPDATE" + (table.map { " OF \($0)" } ?? "")
        return lock == .waiting ? rows : rows + " SKIP LOCKED"
    }

    /// The number that the last row with a number of its own was given.
    var newestID: String { self == .sqlite ? "last_insert_rowid()" : "lastval()" }

    /// The next turn of an account.
    var nextTurn: String {
        self == .sqlite ? "(SELECT MAX(turn) FROM account) + 1" : "nextval('account_turn')"
    }

    /// In how many rows a balance is kept that every job changes, so that jobs do not wait for one another's commits.
    var sharedBalanceSlots: Int { self == .sqlite ? 1 : 16 }
}

/// What one can wait for.
package enum ChangeTopic: Hashable, Sendable {
    /// Any event of this job.
    case job(JobID)
    /// A job that waits for a worker.
    case work
}

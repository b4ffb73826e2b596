// SPDX-License-Identifier: Apache-2.0

/// A connection to a database that speaks SQL, as the statements of a store see it.
///
/// Parameters are written as SQLite does: `?` for the next argument, `?1` for the first. Statements are compiled once for
/// each connection, so their text does not depend on what they are about.
protocol SQLConnection {
    var dialect: SQLDialect { get }

    /// Runs a statement whose answer nobody needs, at the latest together with the next that somebody does.
    ///
    /// - Parameter count: How many rows it must change, if that is known; another number is an error, perhaps of a later call,
    ///   and the transaction is undone.
    func run(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws

    /// The rows a statement gives.
    func rows(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow]

    /// Says that the present transaction changes what others may wait for.
    func willChange(_ topic: ChangeTopic)
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

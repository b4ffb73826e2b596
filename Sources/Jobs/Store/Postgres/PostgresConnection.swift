// SPDX-License-Identifier: Apache-2.0

import CPostgres
import Foundation

/// One connection to a PostgreSQL server, over libpq.
///
/// Its calls block, and one thread at a time makes them.
@safe final class PostgresConnection {
    /// What became of a call that failed.
    enum Failure: Error {
        /// There is no connection any more. What was not committed is undone.
        case connectionLost(String)
        /// The server refused.
        case refused(state: String, message: String)
    }

    private let connection: OpaquePointer
    /// The names of the statements that are compiled, by their text.
    private var statements: [String: String] = [:]
    /// What others may wait for and has changed since ``forgetChanges()``.
    private(set) var changedTopics: Set<ChangeTopic> = []
    /// The statements that were sent and not answered yet: how many rows each must change, if that is known.
    ///
    /// While there are any, libpq is in its pipeline mode.
    private var unanswered: [Int?] = []

    /// What a connection is set to, unless the address says otherwise: nobody waits for ever, whatever breaks.
    private static let settings = [
        ("application_name", "darkroom"),
        ("connect_timeout", "5"),
        // A network that is gone is noticed within 10 to 15 seconds, with and without something under way.
        ("tcp_user_timeout", "10000"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "2"),
    ]

    private static let session = """
        SET statement_timeout = '10s';
        SET lock_timeout = '5s';
        SET idle_in_transaction_session_timeout = '10s';
        SET client_min_messages = 'warning';
        """

    /// Connects.
    ///
    /// - Parameter url: The server's address as libpq reads it.
    init(_ url: String) throws(Failure) {
        // What comes later counts: the address, which is written in the place of a database's name, last.
        let opened = unsafe withCStrings(Self.settings.map(\.0) + ["dbname"]) { names in
            unsafe withCStrings(Self.settings.map(\.1) + [url]) { values in
                unsafe PQconnectdbParams(names, values, 1)
            }
        }
        guard let opened = unsafe opened else { throw .connectionLost("there is no memory for a connection") }
        unsafe connection = opened
        // What the server wants to say beside its answers is nothing for this program's standard error.
        _ = unsafe PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard unsafe PQstatus(connection) == CONNECTION_OK else { throw .connectionLost(lastMessage) }
        try execute(Self.session)
    }

    deinit {
        unsafe PQfinish(connection)
    }

    /// Whether calls may still succeed.
    var isConnected: Bool { unsafe PQstatus(connection) == CONNECTION_OK }

    /// Runs statements without arguments and returns the first row of the last one, as text.
    @discardableResult
    func execute(_ sql: String) throws(Failure) -> [String] {
        try settle()
        let result = unsafe try checked(PQexec(connection, sql))
        defer { unsafe PQclear(result) }
        guard unsafe PQntuples(result) > 0 else { return [] }
        return (0..<(unsafe PQnfields(result))).map { column in
            unsafe String(cString: PQgetvalue(result, 0, column))
        }
    }

    /// Begins to collect what is changed.
    func forgetChanges() {
        changedTopics = []
    }

    /// Commits the transaction, whose last statements travel with the commit.
    func commit() throws(Failure) {
        // What decides whether it may be committed is known before.
        if unanswered.contains(where: { $0 != nil }) { try settle() }
        unsafe PQclear(try answer("COMMIT", []))
    }

    /// Undoes the transaction, if there still is one.
    func rollBack() throws(Failure) {
        do { try settle() } catch { /* There is a reason to roll back already. */  }
        guard isConnected, unsafe PQtransactionStatus(connection) != PQTRANS_IDLE else { return }
        try execute("ROLLBACK")
    }

    /// The name of a statement, which is compiled if it is new.
    private func prepared(_ sql: String) throws(Failure) -> String {
        if let name = statements[sql] { return name }
        try settle()
        let name = "s\(statements.count)"
        unsafe PQclear(try checked(PQprepare(connection, name, PostgresParameters.translate(sql), 0, nil)))
        statements[sql] = name
        return name
    }

    /// Sends a statement without waiting for its answer.
    private func send(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws(Failure) {
        let name = try prepared(sql)
        if unanswered.isEmpty { _ = unsafe PQenterPipelineMode(connection) }
        unanswered.append(count)
        let isSent = unsafe PostgresParameters(arguments).withPointers { values, lengths, formats in
            // 1: the answer in binary.
            unsafe PQsendQueryPrepared(connection, name, Int32(arguments.count), values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw .connectionLost(lastMessage) }
    }

    /// The answer to a statement, once it and those that were sent before are done.
    private func answer(_ sql: String, _ arguments: [SQLValue]) throws(Failure) -> OpaquePointer {
        try send(sql, arguments, changing: nil)
        guard let answer = unsafe try answers() else { throw .connectionLost(lastMessage) }
        return unsafe answer
    }

    /// Waits for what was sent.
    private func settle() throws(Failure) {
        unsafe PQclear(try answers())
    }

    /// Waits for what was sent and gives the last answer; `nil` when nothing was.
    private func answers() throws(Failure) -> OpaquePointer? {
        guard !unanswered.isEmpty else { return nil }
        defer {
            unanswered = []
            _ = unsafe PQexitPipelineMode(connection)
        }
        guard unsafe PQpipelineSync(connection) == 1 else { throw .connectionLost(lastMessage) }
        var last: OpaquePointer?
        var failure: Failure?
        for count in unanswered {
            unsafe PQclear(last)
            unsafe last = nil
            do throws(Failure) {
                unsafe last = try checked(PQgetResult(connection))
                try unsafe check(last, changed: count)
            } catch {
                // Those after it were not run.
                failure = failure ?? error
            }
            // Nothing follows a statement's one answer.
            unsafe PQclear(PQgetResult(connection))
        }
        // The end of the pipeline.
        unsafe PQclear(PQgetResult(connection))
        if let failure {
            unsafe PQclear(last)
            // What the server said last, if that was its last word, is not about the statements.
            throw isConnected ? failure : .connectionLost(lastMessage)
        }
        return unsafe last
    }

    private func check(_ result: OpaquePointer?, changed count: Int?) throws(Failure) {
        guard let count, Int(unsafe String(cString: PQcmdTuples(result))) != count else { return }
        // The state that means that there is no such row.
        throw .refused(state: "P0002", message: "a statement did not change \(count) rows")
    }

    private func checked(_ result: OpaquePointer?) throws(Failure) -> OpaquePointer {
        guard let result = unsafe result else { throw .connectionLost(lastMessage) }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            return unsafe result
        default:
            defer { unsafe PQclear(result) }
            guard isConnected, let state = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else {
                throw .connectionLost(lastMessage)
            }
            // The primary message alone: details may repeat values.
            let message = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "M")))
            throw .refused(
                state: unsafe String(cString: state),
                message: unsafe message.map { unsafe String(cString: $0) } ?? "no reason given"
            )
        }
    }

    /// The first line of what libpq says; it never holds a password.
    private var lastMessage: String {
        let message = unsafe String(cString: PQerrorMessage(connection))
        return message.split(separator: "\n").first.map(String.init) ?? "the connection is closed"
    }
}

extension PostgresConnection: SQLConnection {
    var dialect: SQLDialect { .postgres }

    func run(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
        try send(sql, arguments, changing: count)
    }

    func rows(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
        let result = unsafe try answer(sql, arguments)
        defer { unsafe PQclear(result) }
        return try unsafe PostgresAnswer(result: result).rows()
    }

    func willChange(_ topic: ChangeTopic) {
        changedTopics.insert(topic)
    }
}

// Notifications.
extension PostgresConnection {
    /// Waits for notifications up to `milliseconds`; gives their payloads.
    func notifications(waitingUpTo milliseconds: Int32) throws(Failure) -> [String] {
        var descriptor = unsafe pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, milliseconds)
        guard unsafe PQconsumeInput(connection) == 1 else { throw .connectionLost(lastMessage) }
        var payloads: [String] = []
        while let notification = unsafe PQnotifies(connection) {
            unsafe payloads.append(String(cString: notification.pointee.extra))
            unsafe PQfreemem(notification)
        }
        return payloads
    }
}

/// Gives `body` C strings, with a null after the last.
private func withCStrings<Value>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
) -> Value {
    let copies = unsafe strings.map { unsafe strdup($0) }
    defer { unsafe copies.forEach { unsafe free($0) } }
    let pointers = unsafe copies.map { unsafe UnsafePointer<CChar>($0) } + [nil]
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}

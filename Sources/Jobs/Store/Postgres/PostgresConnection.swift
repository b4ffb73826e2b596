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
        /// The server refused, because of what is in `table` if that is known.
        case refused(state: String, message: String, table: String?)
    }

    private let connection: OpaquePointer
    /// The names of the statements that are compiled, by their text.
    private var statements: [String: String] = [:]
    /// What others may wait for and has changed since ``forgetChanges()``.
    private(set) var changedTopics: Set<ChangeTopic> = []
    /// The statements that were sent and not answered yet: whether somebody wants the answer.
    ///
    /// While there are any, libpq is in its pipeline mode.
    private var unanswered: [Bool] = []
    /// How long an answer is waited for: longer than the server works on a statement.
    private let patience: Duration
    /// Whether an answer did not come, and the next one would be taken for it.
    private var isAbandoned = false

    /// How long an answer is waited for unless a test says: what the server itself bounds is over by then, but not a commit that
    /// waits for a replica, nor a server that was stopped.
    static let standardPatience = Duration.seconds(15)

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
        -- No statement's plan depends on its arguments, so none is planned again for them.
        SET plan_cache_mode = 'force_generic_plan';
        """

    /// Connects.
    ///
    /// - Parameters:
    ///   - url: The server's address as libpq reads it.
    ///   - patience: How long an answer is waited for.
    init(_ url: String, patience: Duration = standardPatience) throws {
        self.patience = patience
        try Self.check(url)
        // What comes later counts: the address, which is written in the place of a database's name, last.
        let opened = unsafe withCStrings(Self.settings.map(\.0) + ["dbname"]) { names in
            unsafe withCStrings(Self.settings.map(\.1) + [url]) { values in
                unsafe PQconnectdbParams(names, values, 1)
            }
        }
        guard let opened = unsafe opened else { throw Failure.connectionLost("there is no memory for a connection") }
        unsafe connection = opened
        // What the server wants to say beside its answers is nothing for this program's standard error.
        _ = unsafe PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard unsafe PQstatus(connection) == CONNECTION_OK else { throw Failure.connectionLost(lastMessage) }
        try execute(Self.session)
    }

    /// Refuses an address whose password would be taken for another part of it, and so be told in an error.
    private static func check(_ url: String) throws {
        let options = unsafe PQconninfoParse(url, nil)
        defer { unsafe PQconninfoFree(options) }
        var isReadable = unsafe options != nil
        var option = unsafe options
        while let current = unsafe option, let keyword = unsafe current.pointee.keyword {
            let value = unsafe current.pointee.val.map { unsafe String(cString: $0) } ?? ""
            switch unsafe String(cString: keyword) {
            case "host": if value.contains("@") { isReadable = false }
            case "port": if !value.allSatisfy({ $0.isNumber || $0 == "," }) { isReadable = false }
            default: break
            }
            unsafe option = current + 1
        }
        guard !isReadable else { return }
        throw Failure.connectionLost("libpq cannot read the address; its password must be percent-encoded")
    }

    deinit {
        unsafe PQfinish(connection)
    }

    /// Whether calls may still succeed.
    var isConnected: Bool { unsafe !isAbandoned && PQstatus(connection) == CONNECTION_OK }

    /// Runs statements without arguments and returns the first row of the last one, as text.
    @discardableResult
    func execute(_ sql: String) throws -> [String] {
        try settle()
        let result = unsafe try answer(PQsendQuery(connection, sql))
        defer { unsafe PQclear(result) }
        guard unsafe PQntuples(result) > 0 else { return [] }
        return (0..<(unsafe PQnfields(result))).map { column in
            unsafe String(cString: PQgetvalue(result, 0, column))
        }
    }

    /// Begins a transaction, together with the first statement whose answer is wanted.
    func begin(with statements: [SQLStatement]) throws {
        changedTopics = []
        for statement in statements { try run(statement) }
    }

    /// Commits the transaction, whose last statements travel with the commit: not done if one of them fails.
    func commit() throws {
        try run(SQLStatement("COMMIT"))
        try settle()
    }

    /// Undoes the transaction, if there still is one.
    func rollBack() throws {
        do { try settle() } catch { /* There is a reason to roll back already. */  }
        guard isConnected, unsafe PQtransactionStatus(connection) != PQTRANS_IDLE else { return }
        try execute("ROLLBACK")
    }

    /// The name of a statement, which is compiled if it is new.
    private func prepared(_ sql: String) throws -> String {
        if let name = statements[sql] { return name }
        try settle()
        let name = "s\(statements.count)"
        unsafe PQclear(try answer(PQsendPrepare(connection, name, PostgresParameters.translate(sql), 0, nil)))
        statements[sql] = name
        return name
    }

    /// Sends a statement without waiting for its answer.
    private func send(_ statement: SQLStatement, isWanted: Bool) throws {
        let name = try prepared(statement.sql)
        if unanswered.isEmpty { _ = unsafe PQenterPipelineMode(connection) }
        unanswered.append(isWanted)
        let count = Int32(statement.arguments.count)
        let isSent = unsafe PostgresParameters(statement.arguments).withPointers { values, lengths, formats in
            // 1: the answer in binary.
            unsafe PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw Failure.connectionLost(lastMessage) }
    }

    /// Waits for what was sent and gives the rows that are wanted.
    @discardableResult
    private func settle() throws -> [[SQLRow]] {
        guard !unanswered.isEmpty else { return [] }
        defer {
            unanswered = []
            _ = unsafe PQexitPipelineMode(connection)
        }
        guard unsafe PQpipelineSync(connection) == 1 else { throw Failure.connectionLost(lastMessage) }
        var answers: [[SQLRow]] = []
        var failure: (any Error)?
        for isWanted in unanswered {
            try waitForAnswer()
            do {
                let result = unsafe try checked(PQgetResult(connection))
                defer { unsafe PQclear(result) }
                if isWanted { answers.append(try unsafe PostgresAnswer(result: result).rows()) }
            } catch {
                // Those after it were not run.
                failure = failure ?? error
            }
            // Nothing follows a statement's one answer.
            try waitForAnswer()
            unsafe PQclear(PQgetResult(connection))
        }
        // The end of the pipeline.
        try waitForAnswer()
        unsafe PQclear(PQgetResult(connection))
        guard let failure else { return answers }
        // What the server said last, if that was its last word, is not about the statements.
        throw isConnected ? failure : Failure.connectionLost(lastMessage)
    }

    /// Waits for what was sent outside of a pipeline and gives the last result.
    private func answer(_ isSent: Int32) throws -> OpaquePointer {
        guard isSent == 1 else { throw Failure.connectionLost(lastMessage) }
        var last: OpaquePointer?
        do {
            while true {
                try waitForAnswer()
                guard let result = unsafe PQgetResult(connection) else { break }
                unsafe PQclear(last)
                unsafe last = result
            }
        } catch {
            unsafe PQclear(last)
            throw error
        }
        return unsafe try checked(last)
    }

    /// Waits until a result can be taken without waiting.
    private func waitForAnswer() throws(Failure) {
        let end = ContinuousClock.now + patience
        while unsafe PQisBusy(connection) == 1 {
            let left = end - .now
            guard left > .zero else {
                isAbandoned = true
                throw .connectionLost("the server gave no answer within \(patience)")
            }
            // What is wrong with the connection is told in place of an answer.
            guard receives(within: Int32(left.wholeMilliseconds + 1)) else { return }
        }
    }

    /// Waits up to `milliseconds` for what the server sends and takes it in; `false` when the connection is lost.
    private func receives(within milliseconds: Int32) -> Bool {
        var descriptor = unsafe pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, milliseconds)
        return unsafe PQconsumeInput(connection) == 1
    }

    private func checked(_ result: OpaquePointer?) throws(Failure) -> OpaquePointer {
        guard let result = unsafe result else { throw .connectionLost(lastMessage) }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            return unsafe result
        default:
            defer { unsafe PQclear(result) }
            guard isConnected, let state = unsafe errorField("C", of: result) else {
                throw .connectionLost(lastMessage)
            }
            // The primary message alone: details may repeat values.
            throw .refused(
                state: state,
                message: unsafe errorField("M", of: result) ?? "no reason given",
                table: unsafe errorField("t", of: result)
            )
        }
    }

    /// One of the fields that PostgreSQL's protocol names by a letter.
    private func errorField(_ letter: Unicode.Scalar, of result: OpaquePointer) -> String? {
        unsafe PQresultErrorField(result, Int32(letter.value)).map { unsafe String(cString: $0) }
    }

    /// The first line of what libpq says; it never holds a password.
    private var lastMessage: String {
        let message = unsafe String(cString: PQerrorMessage(connection))
        return message.split(separator: "\n").first.map(String.init) ?? "the connection is closed"
    }
}

extension PostgresConnection: SQLConnection {
    var dialect: SQLDialect { .postgres }

    func run(_ statement: SQLStatement) throws {
        try send(statement, isWanted: false)
    }

    func rows(_ statements: [SQLStatement]) throws -> [[SQLRow]] {
        // Compiled before any is sent, because that waits for all that was.
        for statement in statements { _ = try prepared(statement.sql) }
        for statement in statements { try send(statement, isWanted: true) }
        return try settle()
    }

    func willChange(_ topic: ChangeTopic) {
        changedTopics.insert(topic)
    }
}

// Notifications.
extension PostgresConnection {
    /// Waits for notifications up to `milliseconds`; gives their payloads.
    func notifications(waitingUpTo milliseconds: Int32) throws(Failure) -> [String] {
        guard receives(within: milliseconds) else { throw .connectionLost(lastMessage) }
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

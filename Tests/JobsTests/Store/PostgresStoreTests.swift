// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Jobs

/// What only a server can do.
@Suite struct PostgresStoreTests {
    @Test func aServerThatCrashesUnderLoadLosesNothingAndDoesNothingTwice() async throws {
        let server = try PostgresServer()
        let store = try await PostgresStore(url: server.url(schema: "crash"))
        try await checkJobs(in: store) {
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(100))
                try server.crash()
            }
        }
    }

    @Test func aReplicaThatTakesOverHasAllThatWasAnswered() async throws {
        let server = try PostgresServer()
        let replica = try server.replica()
        let store = try await PostgresStore(url: server.url(schema: "takeover", or: replica))
        try await checkJobs(in: store) {
            try await Task.sleep(for: .milliseconds(200))
            try server.kill()
            try await Task.sleep(for: .milliseconds(300))
            try replica.promote()
        }
    }

    /// Makes jobs and does them while something happens to the server: each is done once and paid for once.
    private func checkJobs(in store: PostgresStore, during trouble: () async throws -> Void) async throws {
        try await store.open(.alice, credits: "1000")
        let jobs = try await withThrowingTaskGroup(of: [JobID].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var jobs: [JobID] = []
                    for _ in 0..<100 {
                        jobs.append(try await store.accept(.test()).id)
                        guard let claimed = try await store.claim() else { continue }
                        _ = try await store.complete(claimed.lease, with: .test())
                    }
                    return jobs
                }
            }
            try await trouble()
            return try await group.reduce(into: []) { $0 += $1 }
        }
        while let claimed = try await store.claim() { _ = try await store.complete(claimed.lease, with: .test()) }

        #expect(Set(jobs).count == 400)
        for job in jobs {
            let history = try await store.history(of: job)
            #expect(history.count { $0 == .queued } == 1)
            #expect(history.count { $0 == .ended(.completed) } == 1)
        }
        let ledger = try await store.verifyLedger()
        #expect(ledger.problems.isEmpty)
        #expect(ledger.balances[.revenue] == Credits(test: "1.2"))
    }

    @Test func aServerIsTrustedOnlyIfTheAuthorityVouchesForIt() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "darkroom-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let (authority, stranger) = (directory.appending(path: "ca.crt"), directory.appending(path: "stranger.crt"))
        let port = try freePort()
        let server = try PostgresServer(port: port, authority: authority)
        _ = try PostgresServer(port: try freePort(), authority: stranger)
        func open(_ host: String, _ parameters: String) async throws -> PostgresStore {
            try await PostgresStore(url: "postgresql://postgres@\(host):\(port)/postgres?\(parameters)")
        }

        let store = try await open("127.0.0.1", "sslmode=verify-full&sslrootcert=\(authority.path)")
        try await store.open(.alice)
        async let claimed = store.claim(by: WorkerID("w"), upTo: 1, size: nil, waitingUpTo: .seconds(20))
        _ = try await store.accept(.test())
        #expect(try await claimed.count == 1)
        let plain = """
            SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE client_port > 0 AND NOT ssl
            """
        #expect(try server.sql(plain, port: port) == "0")

        for (host, parameters, reason) in [
            ("127.0.0.1", "sslmode=verify-full&sslrootcert=\(stranger.path)", "certificate verify failed"),
            ("localhost", "sslmode=verify-full&sslrootcert=\(authority.path)", "does not match host name"),
            ("127.0.0.1", "sslmode=disable", "no encryption"),
        ] {
            let error = await #expect(throws: StoreError.self) { try await open(host, parameters) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(reason))
        }
    }

    @Test func aTransactionWhoseConnectionIsCutAsItCommitsIsDoneAgain() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        // The first commit of a job ends its own connection. A sequence goes on even so.
        try test.atCommitsOfNewJobs(
            "IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
        )
        let job = try await test.store.accept(.test())
        #expect(try test.sql("SELECT last_value FROM tries") == "2")
        #expect(try await test.store.history(of: job.id) == [.queued])
        #expect(try await test.store.available() == Credits(test: "0.997"))
    }

    @Test func whatARepetitionMeetsIsNotToldOfATransactionThatMayBeDone() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        // As at a server that hands over to another: the connection is cut, and for a moment nothing can be written.
        try test.atCommitsOfNewJobs(
            """
            CASE nextval('tries')
                WHEN 1 THEN PERFORM pg_terminate_backend(pg_backend_pid());
                WHEN 2 THEN RAISE 'a standby' USING ERRCODE = '25006';
                WHEN 3 THEN RAISE 'a lock' USING ERRCODE = '55P03';
                ELSE NULL;
            END CASE;
            """
        )
        _ = try await test.store.accept(.test())
        #expect(try test.sql("SELECT last_value FROM tries") == "4")
        #expect(try await test.store.available() == Credits(test: "0.997"))
    }

    @Test(arguments: ["u:se%ss@host", "u:se@cret@host", "u:se/cret@host", "u:se%zz@host"])
    func aPasswordThatIsNotEncodedIsNotTold(address: String) async throws {
        let error = await #expect(throws: StoreError.self) {
            try await PostgresStore(url: "postgresql://\(address)/db?connect_timeout=1")
        }
        let told = error.map { "\($0)" } ?? ""
        #expect(told.contains("percent-encoded"))
        #expect(!told.contains("se/") && !told.contains("cret") && !told.contains("%"))
    }

    @Test func aServerThatDoesNotAnswerIsNotWaitedForWithoutEnd() async throws {
        let test = try await TestStore(.postgres)
        let session = PostgresSession(url: try test.url, patience: .milliseconds(200))
        guard case .committed(let text, _) = await session.withConnection({ try $0.execute("SELECT pg_backend_pid()") })
        else { throw StoreError.busy }
        let backend = try #require(text.first.flatMap { Int32($0) })
        kill(backend, SIGSTOP)
        defer { kill(backend, SIGCONT) }
        let outcome = await session.transaction(.write(nil)) { connection in
            _ = try connection.rows([SQLStatement("SELECT COUNT(*) AS count FROM job")])
        }
        guard case .unreachable(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("no answer"))
        // Another connection is made for what follows.
        guard case .committed = await session.transaction(.write(nil), { _ in }) else {
            Issue.record("the session did not recover")
            return
        }
    }

    @Test func aTransactionThatWasCommittedUnansweredIsNotDoneAgain() async throws {
        let test = try await TestStore(.postgres)
        let session = PostgresSession(url: try test.url)
        try test.sql("CREATE TABLE done (number BIGINT)")
        let token = TransactionToken(at: test.clock.now)
        var outcomes: [String] = []
        for number in 1...3 {
            // The second is undone, so the third may use its token.
            let mode = PostgresSession.Mode.write(number == 1 ? TransactionToken(at: test.clock.now) : token)
            let outcome = await session.transaction(mode) { connection in
                _ = try connection.rows([SQLStatement("INSERT INTO done VALUES (?) RETURNING number", number)])
                if number == 2 { throw StoreError.busy }
            }
            if case .committed = outcome { outcomes.append("committed") } else { outcomes.append("undone") }
        }
        #expect(outcomes == ["committed", "undone", "committed"])
        let again = await session.transaction(.write(token)) { connection in
            _ = try connection.rows([SQLStatement("INSERT INTO done VALUES (4) RETURNING number")])
        }
        guard case .alreadyCommitted = again else {
            Issue.record("\(again)")
            return
        }
        #expect(try test.sql("SELECT string_agg(number::text, ',' ORDER BY number) FROM done") == "1,3")
    }

    @Test func tokensOfTransactionsAreDeletedWhenTheyAreOfNoUse() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        #expect(try test.sql("SELECT count(*) > 0 FROM transaction_token") == "t")
        test.clock.advance(by: .seconds(4000))
        _ = try await test.store.maintain()
        // Its own is left.
        #expect(try test.sql("SELECT count(*) FROM transaction_token") == "1")
    }

    @Test func connectionsThatAreCutAreMadeAgain() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        let other = try await test.another()
        async let waiting = other.claim(by: WorkerID("w"), upTo: 1, size: nil, waitingUpTo: .seconds(30))
        for _ in 0..<3 {
            try await Task.sleep(for: .milliseconds(50))
            try test.sql(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'darkroom' AND pid <> pg_backend_pid() AND query LIKE '%LISTEN%'
                """
            )
            #expect(try await test.store.available() == Credits(test: "1"))
        }
        let job = try await test.store.accept(.test())
        #expect(try await waiting.map(\.lease.job) == [job.id])
    }

    @Test func manyAtOnceLeaveTheBooksBalanced() async throws {
        let test = try await TestStore(.postgres)
        let accounts = [AccountID.alice, .bob, AccountID(test: "carol")]
        for account in accounts { try await test.store.open(account) }
        let stores = [test.store, try await test.another()]
        try await withThrowingTaskGroup { group in
            for index in 0..<12 {
                let store = stores[index % 2]
                group.addTask {
                    for round in 0..<20 {
                        let job = try await store.accept(.test(by: accounts[(index + round) % 3]))
                        if round % 3 == 0 { _ = try await store.cancel(job.id, of: nil) }
                        guard let claimed = try await store.claim(by: WorkerID("worker-\(index)")) else { continue }
                        if round % 5 == 0 { _ = try await store.cancel(claimed.lease.job, of: nil) }
                        if round % 7 == 0 { _ = try await store.bury(WorkerID("worker-\(index)")) }
                        _ = try await store.complete(claimed.lease, with: .test())
                        _ = try await store.maintain()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await test.store.verifyLedger().problems.isEmpty)
    }

    @Test func manyOpenANewDatabaseAtOnce() async throws {
        let url = try PostgresServer.shared.url(schema: "opened_at_once")
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    try await PostgresStore(url: url).open(AccountID(test: "account-\(index)"))
                }
            }
            try await group.waitForAll()
        }
        let store = try await PostgresStore(url: url, createsTables: false)
        #expect(try await store.verifyLedger().balances.count == 18)
    }

    @Test func aNewerDatabaseIsUsedOnlyIfItSaysThatItCanBe() async throws {
        let test = try await TestStore(.postgres)
        try test.sql("INSERT INTO schema_migration VALUES (1000, 1)")
        try await test.another().open(.bob)
        try test.sql("INSERT INTO schema_migration VALUES (1001, 1001)")
        await #expect(throws: StoreError.newerVersion) { try await test.another() }
    }

    @Test func aColumnThatANewerVersionAddsDisturbsNobody() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        _ = try await test.store.found(job.id)
        try test.sql("ALTER TABLE job ADD COLUMN novelty TEXT")
        #expect(try await test.store.found(job.id).id == job.id)
        let claimed = try #require(try await test.store.claim())
        #expect(try await test.store.complete(claimed.lease, with: .test()) == .held)
        _ = try await test.store.accept(.test())
    }

    @Test func aTransactionThatCannotBeginLeavesItsConnectionUsable() async throws {
        let test = try await TestStore(.postgres)
        let session = PostgresSession(url: try test.url)
        try test.sql("ALTER TABLE transaction_token ADD CHECK (false) NOT VALID")
        let mode = PostgresSession.Mode.write(TransactionToken(at: test.clock.now))
        guard case .failed = await session.transaction(mode, { _ in }) else {
            Issue.record("it began")
            return
        }
        try test.sql("ALTER TABLE transaction_token DROP CONSTRAINT transaction_token_check")
        guard case .committed = await session.transaction(mode, { _ in }) else {
            Issue.record("it could not be done later")
            return
        }
    }

    @Test func aDatabaseThatIsNotThereIsSaidSo() async throws {
        let server = PostgresServer.shared
        await #expect(throws: StoreError.unreachable("there are no tables of Darkroom in it")) {
            try await PostgresStore(url: server.url(schema: "empty"), createsTables: false)
        }
        do {
            _ = try await PostgresStore(
                url: "postgresql:///none?host=\(server.directory.path)&user=postgres&password=secret"
            )
            Issue.record("it was opened")
        } catch {
            #expect("\(error)".contains("database \"none\" does not exist"))
            #expect(!"\(error)".contains("secret"))
        }
    }

    @Test func theTablesRefuseWhatMustNotBe() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        _ = try await test.store.cancel(job.id, of: nil)
        for statement in [
            "UPDATE ledger_balance SET amount = -1 WHERE account = 'available:alice'",
            "INSERT INTO ledger_transaction (kind, job, time) VALUES ('settle', '\(job.id)', 0)",
            "INSERT INTO ledger_transaction (kind, job, time) VALUES ('reserve', '\(job.id)', 0)",
            "UPDATE job SET state = 'gone'",
        ] {
            #expect(throws: Unexpected.self, "\(statement)") { try test.sql(statement) }
        }
    }

    @Test func aDatabaseThatOnlyMayBeReadFromIsAClearErrorThatHarmsNothing() async throws {
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        let url = try test.url + "%20-cdefault_transaction_read_only%3Don"
        let store = try await PostgresStore(url: url)
        await #expect(throws: StoreError.readOnly) { try await store.submit(.test()) }
        #expect(try await test.store.available() == Credits(test: "1"))
    }

    @Test func timeComesFromTheServer() async throws {
        let test = try await TestStore(.postgres)
        let store = try await PostgresStore(url: test.url)
        try await store.open(.alice)
        let job = try await store.accept(.test())
        let age = try test.sql("SELECT (extract(epoch FROM now()) * 1000)::bigint - submitted FROM job")
        #expect(abs(try #require(Int(age))) < 5000)
        #expect(abs(job.submitted.duration(to: store.now).wholeMilliseconds) < 5000)
    }

    @Test(arguments: [
        ("postgresql://user:pass@host:5432/db?sslmode=verify-full&password=other", "postgresql://host:5432/db"),
        ("postgres://user:p@ss@host/db", "postgresql://host/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///db"),
        ("sqlite:/srv/darkroom.sqlite", "sqlite:/srv/darkroom.sqlite"),
    ])
    func anAddressIsShownWithoutItsSecrets(address: String, shown: String) throws {
        let location = try #require(StoreLocation(address))
        #expect(location.redacted == shown)
        #expect(location.description == address)
    }

    @Test(arguments: [
        ("SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2"),
        ("VALUES (?1, ?2), (?1, ?10)", "VALUES ($1, $2), ($1, $10)"),
        ("SELECT 1", "SELECT 1"),
    ])
    func parametersAreWrittenAsTheServerReadsThem(statement: String, translation: String) {
        #expect(PostgresParameters.translate(statement) == translation)
    }
}

extension TestStore {
    /// The address of this test's tables.
    fileprivate var url: String {
        get throws { try PostgresServer.shared.url(schema: schema) }
    }

    /// Runs statements on this test's tables and returns what they print.
    @discardableResult
    func sql(_ statements: String) throws -> String {
        try PostgresServer.shared.sql("SET search_path = \(schema); \(statements)")
    }
}

/// A port of this machine that nobody listens on.
private func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
        }
    }
    try #require(result)
    return Int(UInt16(bigEndian: address.sin_port))
}

extension TestStore {
    /// Has the server run PL/pgSQL where a job is committed; the sequence `tries` counts on whatever becomes of the commit.
    fileprivate func atCommitsOfNewJobs(_ statements: String) throws {
        try sql(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                \(statements)
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON job DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION cut();
            """
        )
    }
}

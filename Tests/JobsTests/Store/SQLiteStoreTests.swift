// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

@testable import Jobs

/// What only a file can do.
@Suite struct SQLiteStoreTests {
    @Test func aFullDiskIsAClearErrorThatHarmsNothing() async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        try await store.open(.alice)
        let job = try await store.accept(.test())
        let lease = try #require(try await store.claim()).lease

        // A disk that has no page left.
        let pages = try await store.pool.read { try Int.fetchOne($0, sql: "PRAGMA page_count") } ?? 0
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        var result = try GenerationResult.test()
        result.images[0].bytes = [UInt8](repeating: 1, count: 1 << 20)
        let large = result
        await #expect(throws: StoreError.full) { try await store.complete(lease, with: large) }
        #expect(
            try await store.found(job.id).lifecycle.state
                == .leased(lease, expiry: store.now.advanced(by: .seconds(15)))
        )
        #expect(try await store.verifyLedger().problems.isEmpty)

        // There is room again.
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try await store.complete(lease, with: large) == .held)
        #expect(try await store.verifyLedger().problems.isEmpty)
        #expect(try await store.pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    @Test func aReadOnlyDatabaseIsAClearErrorThatHarmsNothing() async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        try await store.open(.alice)
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
        await #expect(throws: StoreError.readOnly) { try await store.submit(.test()) }
        #expect(try await store.available() == Credits(test: "1"))
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        _ = try await store.accept(.test())
    }

    @Test func aLinkToTheFileIsAsGoodAsTheFile() async throws {
        let test = try await TestStore(.sqlite)
        let file = test.directory.appending(path: "elsewhere").appending(path: "store.db")
        let link = test.directory.appending(path: "link.db")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: false
        )
        _ = try await SQLiteStore(path: file.path)
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
        let store = try await SQLiteStore(path: link.path)
        try await store.open(.alice)
        let job = try await store.accept(.test())
        #expect(try await store.found(job.id).lifecycle.state == .queued)
    }

    @Test func aFileThatIsMissingOrNoDatabaseIsSaidSo() async throws {
        let test = try await TestStore(.sqlite)
        let missing = test.directory.appending(path: "missing.db").path
        await #expect(throws: StoreError.unreachable("there is no file '\(missing)'")) {
            try await SQLiteStore(path: missing, createsFile: false)
        }
        #expect(!FileManager.default.fileExists(atPath: missing))
        await #expect(throws: StoreError.unreachable("cannot create '/nowhere/store.db'")) {
            try await SQLiteStore(path: "/nowhere/store.db")
        }
        let text = test.directory.appending(path: "text.db").path
        try Data(String(repeating: "not a database ", count: 100).utf8).write(to: URL(filePath: text))
        await #expect(throws: StoreError.damaged("file is not a database")) { try await SQLiteStore(path: text) }
    }

    @Test func aDatabaseOfANewerVersionIsNotTouched() async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        try await store.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999: the future')") }
        await #expect(throws: StoreError.newerVersion) { try await test.another() }
    }

    @Test func aDatabaseOfTheFirstVersionIsBroughtUpToDateWithItsJobs() async throws {
        let test = try await TestStore(.sqlite)
        let path = test.directory.appending(path: "old.db").path
        let old = try DatabasePool(path: path)
        try SQLiteSchema.migrator.migrate(old, upTo: "1: accounts, ledger, jobs")
        try await old.write { db in
            try db.execute(
                sql: """
                    INSERT INTO account (id, created, webhook_secret) VALUES ('alice', 0, x'00');
                    INSERT INTO job (id, account, endpoint, width, height, price, state, lease_count, failure_count,
                        retry_limit, deadline, submitted, attachment)
                    VALUES ('6f03c1cf-b5ce-4522-9295-c715784d5a8d', 'alice', 'sd2.1-txt2img', 512, 512, 0, 'queued', 0, 0,
                        3, 4000000000000, 0, '');
                    """
            )
        }
        try old.close()
        let store = try await SQLiteStore(path: path, createsFile: false)
        let job = try await store.found(try #require(JobID("6f03c1cf-b5ce-4522-9295-c715784d5a8d")))
        #expect(job.lifecycle.state == .queued && job.trace == nil)
    }

    @Test func onlyItsOwnerReadsTheFiles() async throws {
        let test = try await TestStore(.sqlite)
        try await test.store.open(.alice)
        for name in ["store.db", "store.db-wal"] {
            let path = test.directory.appending(path: name).path
            let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(permissions == 0o600, "\(name)")
        }
    }

    @Test func theFileShrinksWhenPicturesAreDeleted() async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        try await store.open(.alice)
        _ = try await store.accept(.test())
        let claimed = try #require(try await store.claim())
        var result = try GenerationResult.test()
        result.images[0].bytes = [UInt8](repeating: 1, count: 2 << 20)
        _ = try await store.complete(claimed.lease, with: result)
        let pages = { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 } as @Sendable (Database) throws -> Int
        let full = try await store.pool.read(pages)
        test.clock.advance(by: test.policy.imageLifetime)
        _ = try await store.maintain()
        #expect(try await store.pool.read(pages) < full - 500)
    }

    @Test func manyOpenANewDatabaseAtOnce() async throws {
        let test = try await TestStore(.sqlite)
        let path = test.directory.appending(path: "new.db").path
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    let store = try await SQLiteStore(path: path)
                    try await store.open(AccountID(test: "account-\(index)"))
                }
            }
            try await group.waitForAll()
        }
        let store = try await SQLiteStore(path: path, createsFile: false)
        #expect(try await store.verifyLedger().balances.count == 18)
    }

    @Test func neitherKeysNorTheirLikesAreInTheFile() async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        let secret = try await store.createKey(for: .alice, KeySettings()).secret.text
        for name in ["store.db", "store.db-wal"] {
            let bytes = try Data(contentsOf: test.directory.appending(path: name))
            #expect(bytes.range(of: Data(secret.utf8)) == nil)
        }
    }

    @Test(arguments: [
        ("UPDATE ledger_balance SET amount = amount + 1 WHERE account = 'revenue'", "All accounts add up to 0.000001"),
        ("UPDATE ledger_entry SET amount = amount + 1 WHERE account = 'revenue'", "adds up to 0.000001, not to 0"),
        ("DELETE FROM ledger_transaction WHERE kind = 'settle'", "neither settle nor refund"),
        ("UPDATE job SET state = 'failed' WHERE state = 'completed'", "is failed, but has settle"),
        ("UPDATE job SET price = price + 1 WHERE state = 'queued'", "its open jobs cost 0.003001"),
        ("DELETE FROM job WHERE state = 'queued'", "is over, but its reservation is not"),
    ])
    func tamperedBooksAreFound(statement: String, problem: String) async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        try await store.open(.alice)
        _ = try await store.accept(.test())
        let claimed = try #require(try await store.claim())
        _ = try await store.complete(claimed.lease, with: .test())
        _ = try await store.accept(.test())
        #expect(try await store.verifyLedger().problems.isEmpty)
        try await store.pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF; \(statement)")
        }
        let problems = try await store.verifyLedger().problems
        #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }

    @Test func theTablesRefuseWhatMustNotBe() async throws {
        let test = try await TestStore(.sqlite)
        let store = try #require(test.store as? SQLiteStore)
        try await store.open(.alice)
        let job = try await store.accept(.test())
        _ = try await store.cancel(job.id, of: nil)
        for statement in [
            "UPDATE ledger_balance SET amount = -1 WHERE account = 'available:alice'",
            "INSERT INTO ledger_transaction (kind, job, time) VALUES ('settle', '\(job.id)', 0)",
            "INSERT INTO ledger_transaction (kind, job, time) VALUES ('reserve', '\(job.id)', 0)",
            "UPDATE job SET state = 'gone'",
        ] {
            await #expect(throws: DatabaseError.self, "\(statement)") {
                try await store.pool.write { try $0.execute(sql: statement) }
            }
        }
    }
}

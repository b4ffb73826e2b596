// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Jobs

/// What becomes of statements whose answers nobody waits for, on every kind of store.
@Suite struct TransactionTests {
    private static let insert = "INSERT INTO worker (id, state, seen) VALUES (?, 'ready', 1)"

    @Test(arguments: StoreKind.allCases)
    func aStatementThatIsRefusedUndoesThoseBeforeIt(kind: StoreKind) async throws {
        try await expectNothing(of: kind) { transaction in
            try transaction.run(Self.insert, "a")
            try transaction.run(Self.insert, "a")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aStatementThatIsRefusedIsNoticedByThoseAfterIt(kind: StoreKind) async throws {
        try await expectNothing(of: kind) { transaction in
            try transaction.run(Self.insert, "a")
            try transaction.run(Self.insert, "a")
            return try transaction.rows("SELECT id FROM worker").count
        }
    }

    @Test(arguments: StoreKind.allCases)
    func creditsThatHaveNoBalanceToGoToAreNotMoved(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let store = try test.sqlStore
        try await store.write { try $0.run("DELETE FROM ledger_balance WHERE account = 'reserved:alice'") }
        await #expect(throws: StoreError.self) { _ = try await test.store.submit(.test()) }
        #expect(try await store.read { try $0.rows("SELECT id FROM job").count } == 0)
        #expect(try await store.read { try $0.balance(of: .available(.alice)) } == Credits(test: "1"))
    }

    @Test(arguments: StoreKind.allCases)
    func severalStatementsAreAnsweredEachInItsPlace(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        let store = try test.sqlStore
        let answers = try await store.write { transaction in
            try transaction.run(Self.insert, "a")
            let counts = SQLStatement("SELECT COUNT(*) AS value FROM worker")
            let names = SQLStatement("SELECT id AS value FROM worker WHERE state = ?", "ready")
            return try transaction.connection.rows([counts, SQLStatement("SELECT id FROM job"), names])
        }
        #expect(answers.map { $0.map(\.values) } == [[[.integer(1)]], [], [[.text("a")]]])
    }

    @Test(arguments: StoreKind.allCases)
    func aTransactionThatGivesUpUndoesWhatItHasSent(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        let store = try test.sqlStore
        await #expect(throws: StoreError.busy) {
            try await store.write { transaction in
                try transaction.run(Self.insert, "a")
                throw StoreError.busy
            }
        }
        try await store.write { try $0.run(Self.insert, "b") }
        #expect(try await workers(in: store) == ["b"])
    }

    @Test(arguments: StoreKind.allCases)
    func aRequestThatCannotBeReadFailsAndHoldsNobodyUp(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        try await test.store.open(.alice)
        let job = try await test.store.accept(.test())
        let store = try test.sqlStore
        try await store.write { try $0.run("UPDATE job_request SET request = ?", [UInt8]("{}".utf8)) }
        let next = try await test.store.accept(.test())
        #expect(try await test.store.claim()?.lease.job == next.id)
        guard case .ended(.failed(let failure)) = try await test.store.found(job.id).lifecycle.state else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.code == .internal)
        #expect(try await test.store.isOver(job.id))
        #expect(try await !test.store.isOver(next.id))
        #expect(try await test.store.available() == Credits(test: "0.997"))
    }

    /// Expects that a transaction fails and leaves nothing.
    private func expectNothing<Value: Sendable>(
        of kind: StoreKind,
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws {
        let test = try await TestStore(kind)
        let store = try test.sqlStore
        await #expect(throws: StoreError.self) { try await store.write(body) }
        #expect(try await workers(in: store) == [])
    }

    private func workers(in store: any SQLStore) async throws -> [String] {
        try await store.read { try $0.rows("SELECT id FROM worker ORDER BY id").map { try $0["id"] as String } }
    }
}

extension TestStore {
    fileprivate var sqlStore: any SQLStore {
        get throws { try #require(store as? any SQLStore) }
    }
}

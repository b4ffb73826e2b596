// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

/// Accounts and keys, on every kind of store.
@Suite struct AccountTests {
    @Test(arguments: StoreKind.allCases)
    func ofServersThatStartTogetherOneMakesTheFirstKey(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        let credits = Credits(test: "100")
        let secrets = try await withThrowingTaskGroup(of: KeySecret?.self) { group in
            for _ in 0..<8 { group.addTask { try await test.store.createFirstKey(granting: credits) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let secret = try #require(secrets.compactMap(\.self).first)
        #expect(secrets.compactMap(\.self).count == 1)
        #expect(try await test.store.keys(of: nil).count == 1)
        #expect(try await test.store.account(.default)?.available == credits)
        guard case .accepted = try await test.store.authenticate(secret) else {
            Issue.record("the key does not work")
            return
        }
        #expect(try await test.store.createFirstKey(granting: credits) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func aKeyOpensItsAccountUntilItIsRevoked(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        let (key, secret) = try await test.store.createKey(for: .alice, KeySettings())
        #expect(key.account == .alice)
        #expect(try await test.store.authenticate(KeySecret(presented: secret.text)) == .accepted(key))
        #expect(try await test.store.authenticate(KeySecret(presented: secret.text + "x")) == .unknown)
        #expect(try await test.store.authenticate(KeySecret(presented: key.id.description)) == .unknown)
        #expect(try await test.store.authenticate(KeySecret(presented: "")) == .unknown)
        #expect(try await test.store.authenticate(nil) == .unknown)
        let revoked = try #require(try await test.store.revokeKey(key.id))
        #expect(try await test.store.authenticate(secret) == .disabled(revoked))
        let absent = try #require(KeyID("0123456789abcdef"))
        #expect(try await test.store.revokeKey(absent) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func aKeyExpires(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        var settings = KeySettings()
        settings.expires = test.clock.now.advanced(by: .seconds(10))
        settings.scopes = [.read]
        let (key, secret) = try await test.store.createKey(for: .alice, settings)
        #expect(try await test.store.authenticate(secret) == .accepted(key))
        #expect(key.settings.scopes == [.read])
        test.clock.advance(by: .seconds(10))
        #expect(try await test.store.authenticate(secret) == .disabled(key))
    }

    @Test(arguments: StoreKind.allCases)
    func keysAreListedWithAllThatWasDecidedAboutThem(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        var settings = KeySettings()
        settings.rateLimit = RateLimit(requests: 5, per: .seconds(60))
        settings.spendLimit = SpendLimit(Credits(test: "2.5"), per: .month)
        settings.expires = test.clock.now.advanced(by: .seconds(1000))
        let first = try await test.store.createKey(for: .alice, settings).key
        test.clock.advance(by: .seconds(1))
        let second = try await test.store.createKey(for: .bob, KeySettings()).key
        #expect(try await test.store.keys(of: nil) == [first, second])
        #expect(try await test.store.keys(of: .alice) == [first])
        #expect(try await test.store.keys(of: .alice).first?.settings == settings)
    }

    @Test(arguments: StoreKind.allCases)
    func grantsAreGivenAndTakenButNeverMoreThanThereIs(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        #expect(try await test.store.account(.alice) == nil)
        let opened = try await test.store.openAccount(.alice)
        #expect(opened.webhookSecret.count >= 24)
        #expect(try await test.store.openAccount(.alice) == opened)
        #expect(try await test.store.grant(Credits(test: "0.01"), to: .alice).available == Credits(test: "0.01"))
        _ = try await test.store.accept(.test())
        #expect(try await test.store.grant(Credits(test: "-0.001"), to: .alice).available == Credits(test: "0.006"))
        let taken = try await test.store.grant(Credits(test: "-5"), to: .alice)
        #expect((taken.available, taken.reserved) == (.zero, Credits(test: "0.003")))
        let ledger = try await test.store.verifyLedger()
        #expect(ledger.balances[.grants] == Credits(test: "-0.003"))
        #expect(ledger.problems.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func accountsAreListedByNameInParts(kind: StoreKind) async throws {
        let test = try await TestStore(kind)
        #expect(try await test.store.accounts(after: nil, limit: 10).isEmpty)
        try await test.store.open(.bob, credits: "2")
        try await test.store.open(.alice)
        let alice = try #require(try await test.store.account(.alice))
        let bob = try #require(try await test.store.account(.bob))
        #expect(try await test.store.accounts(after: nil, limit: 10) == [alice, bob])
        #expect(try await test.store.accounts(after: nil, limit: 1) == [alice])
        #expect(try await test.store.accounts(after: .alice, limit: 10) == [bob])
        #expect(try await test.store.accounts(after: .bob, limit: 10).isEmpty)
    }

    @Test func noTwoKeysAreAlikeAndNoneSaysMoreThanItsForm() {
        let keys = (0..<100).map { _ in KeySecret() }
        #expect(Set(keys.map(\.text)).count == 100)
        for key in keys {
            #expect(key.text.hasPrefix("dk_"))
            #expect(key.text.count == 35)
            #expect(key.digest.count == 32)
        }
    }
}

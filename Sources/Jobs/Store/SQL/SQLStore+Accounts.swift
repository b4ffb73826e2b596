// SPDX-License-Identifier: Apache-2.0

extension SQLStore {
    package func authenticate(_ presented: KeySecret?) async throws(StoreError) -> Authentication {
        // Without a key, the same is done with one that nobody has.
        let digest = (presented ?? KeySecret(presented: "")).digest
        guard let key = try await look({ try $0.key(digest: digest) }), presented != nil else { return .unknown }
        return key.isUsable(at: now) ? .accepted(key) : .disabled(key)
    }

    package func account(_ id: AccountID) async throws(StoreError) -> Account? {
        try await read { try $0.account(id) }
    }

    package func accounts(after last: AccountID?, limit: Int) async throws(StoreError) -> [Account] {
        try await read { try $0.accounts(after: last, limit: limit) }
    }

    package func openAccount(_ id: AccountID) async throws(StoreError) -> Account {
        try await write { try $0.openAccount(id) }
    }

    package func createKey(
        for account: AccountID,
        _ settings: KeySettings
    ) async throws(StoreError) -> (key: APIKey, secret: KeySecret) {
        let secret = KeySecret()
        return (try await write { try $0.createKey(secret, for: account, settings) }, secret)
    }

    package func createFirstKey(granting credits: Credits) async throws(StoreError) -> KeySecret? {
        // Nearly always there is one, and to see that nothing need be written.
        guard try await keys(of: nil).isEmpty else { return nil }
        let secret = KeySecret()
        return try await write { transaction in
            try transaction.lock(.default)
            guard try transaction.keys(of: nil).isEmpty else { return nil }
            _ = try transaction.createKey(secret, for: .default, KeySettings())
            try transaction.grant(credits, to: .default)
            return secret
        }
    }

    package func keys(of account: AccountID?) async throws(StoreError) -> [APIKey] {
        try await read { try $0.keys(of: account) }
    }

    package func revokeKey(_ id: KeyID) async throws(StoreError) -> APIKey? {
        try await write { try $0.revokeKey(id) }
    }

    package func grant(_ amount: Credits, to account: AccountID) async throws(StoreError) -> Account {
        try await write { transaction in
            try transaction.grant(amount, to: account)
            guard let account = try transaction.account(account) else { throw StoreError.unknownAccount(account) }
            return account
        }
    }

    package func verifyLedger() async throws(StoreError) -> LedgerReport {
        try await read { try $0.verifyLedger() }
    }
}

extension SQLStore {
    package func claimDeliveries(
        upTo limit: Int,
        ofEachAccount share: Int,
        except others: Set<AccountID>,
        hold: Duration
    ) async throws(StoreError) -> [WebhookDelivery] {
        try await write(.process) {
            try $0.claimDeliveries(upTo: limit, ofEachAccount: share, except: others, hold: hold)
        }
    }

    package func recordAttempt(
        _ attempt: WebhookDelivery.Attempt,
        of delivery: WebhookDelivery.ID
    ) async throws(StoreError) {
        try await write { try $0.record(attempt, of: delivery) }
    }

    package func subject(
        of delivery: WebhookDelivery
    ) async throws(StoreError) -> (job: Job, request: GenerationRequest?)? {
        try await read { try $0.subject(of: delivery) }
    }

    package func deliveries(of job: JobID) async throws(StoreError) -> [WebhookDelivery] {
        try await read { try $0.deliveries(of: job) }
    }
}

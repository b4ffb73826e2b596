// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Accounts and their keys.
extension StoreTransaction {
    func account(_ id: AccountID) throws -> Account? {
        guard let row = try row("SELECT * FROM account WHERE id = ?", id),
            let available = try balance(of: .available(id)), let reserved = try balance(of: .reserved(id))
        else { return nil }
        return try Account(
            id: id,
            created: row["created"],
            available: available,
            reserved: reserved,
            webhookSecret: row["webhook_secret"]
        )
    }

    func accounts(after last: AccountID?, limit: Int) throws -> [Account] {
        try rows("SELECT id FROM account WHERE id > ? ORDER BY id LIMIT ?", last?.description ?? "", max(limit, 1))
            .compactMap { try account($0["id"]) }
    }

    func openAccount(_ id: AccountID) throws -> Account {
        if let account = try account(id) { return account }
        let secret = (0..<24).map { _ in UInt8.random(in: .min ... .max) }
        // Another one may be faster.
        try run(
            "INSERT INTO account (id, created, webhook_secret) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            id,
            now,
            secret
        )
        try openLedgerAccounts(of: id)
        guard let account = try account(id) else { throw StoreError.damaged("an account vanished") }
        return account
    }

    func createKey(_ secret: KeySecret, for account: AccountID, _ settings: KeySettings) throws -> APIKey {
        _ = try openAccount(account)
        let digest = secret.digest
        let key = APIKey(id: KeyID(digest: digest), account: account, created: now, settings: settings)
        try run(
            "INSERT INTO api_key (id, digest, account, created, settings) VALUES (?, ?, ?, ?, ?)",
            key.id,
            digest,
            account,
            now,
            try StoredJSON.encode(settings)
        )
        return key
    }

    /// The key of this digest, if there is one.
    ///
    /// The row is found by a part of the digest and then compared in constant time. Neither tells anything about a key,
    /// whose digest nobody can steer.
    func key(digest: [UInt8]) throws -> APIKey? {
        let row = try row("SELECT * FROM api_key WHERE id = ?", KeyID(digest: digest))
        let stored = try row.map { try $0["digest"] as [UInt8] } ?? [UInt8](repeating: 0, count: digest.count)
        guard isEqualInConstantTime(stored, digest) else { return nil }
        return try row.map(APIKey.init)
    }

    func keys(of account: AccountID?) throws -> [APIKey] {
        try rows("SELECT * FROM api_key WHERE CAST(?1 AS TEXT) IS NULL OR account = ?1 ORDER BY created, id", account)
            .map(APIKey.init)
    }

    func revokeKey(_ id: KeyID) throws -> APIKey? {
        try run("UPDATE api_key SET revoked = COALESCE(revoked, ?) WHERE id = ?", now, id)
        return try row("SELECT * FROM api_key WHERE id = ?", id).map(APIKey.init)
    }
}

extension APIKey {
    fileprivate init(row: SQLRow) throws {
        try self.init(
            id: row["id"],
            account: row["account"],
            created: row["created"],
            settings: try StoredJSON.decode(KeySettings.self, row["settings"]),
            revoked: row["revoked"]
        )
    }
}

/// Compares all bytes, whatever the first ones are.
private func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The double-entry ledger.
extension SQLiteTransaction {
    private enum Kind: String {
        case grant, reserve, settle, refund
    }

    /// What is in an account; `nil` when nothing ever was.
    func balance(of account: LedgerAccount) throws -> Credits? {
        try row("SELECT amount FROM ledger_balance WHERE account = ?", account).map { $0["amount"] }
    }

    /// Makes the accounts of a payer, with nothing in them.
    func openLedgerAccounts(of account: AccountID) throws {
        for account in [LedgerAccount.available(account), .reserved(account)] {
            try run("INSERT OR IGNORE INTO ledger_balance (account, amount) VALUES (?, 0)", account)
        }
    }

    /// Gives an account credits; for a negative amount, takes as much of it as is available.
    func grant(_ amount: Credits, to account: AccountID) throws {
        guard let available = try balance(of: .available(account)) else { throw StoreError.unknownAccount(account) }
        try move(max(amount, -available), from: .grants, to: .available(account), as: .grant, for: nil)
    }

    /// Sets a job's price aside.
    func reserve(_ job: Job) throws {
        try move(job.price, from: .available(job.account), to: .reserved(job.account), as: .reserve, for: job.id)
    }

    /// Pays for a job with what was set aside.
    func settle(_ job: Job) throws {
        try move(job.price, from: .reserved(job.account), to: .revenue, as: .settle, for: job.id)
    }

    /// Gives back what was set aside for a job.
    func refund(_ job: Job) throws {
        try move(job.price, from: .reserved(job.account), to: .available(job.account), as: .refund, for: job.id)
    }

    private func move(
        _ amount: Credits,
        from source: LedgerAccount,
        to destination: LedgerAccount,
        as kind: Kind,
        for job: JobID?
    ) throws {
        guard amount != .zero else { return }
        try run("INSERT INTO ledger_transaction (kind, job, time) VALUES (?, ?, ?)", kind.rawValue, job, now)
        let transaction = db.lastInsertedRowID
        for (account, amount) in [(source, -amount), (destination, amount)] {
            try run(
                "INSERT INTO ledger_entry (transaction_id, account, amount) VALUES (?, ?, ?)",
                transaction,
                account,
                amount
            )
            try run("UPDATE ledger_balance SET amount = amount + ? WHERE account = ?", amount, account)
            guard db.changesCount == 1 else { throw StoreError.damaged("the ledger has no account '\(account)'") }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The double-entry ledger.
extension StoreTransaction {
    private enum Kind: String {
        case grant, reserve, settle, refund
    }

    /// What is in an account; `nil` when nothing ever was.
    func balance(of account: LedgerAccount) throws -> Credits? {
        try row("SELECT CAST(SUM(amount) AS BIGINT) AS amount FROM ledger_balance WHERE account = ?", account)?[
            "amount"
        ]
    }

    /// Makes the accounts of a payer, with nothing in them.
    func openLedgerAccounts(of account: AccountID) throws {
        for account in [LedgerAccount.available(account), .reserved(account)] {
            try run(
                "INSERT INTO ledger_balance (account, amount) VALUES (?, 0) ON CONFLICT DO NOTHING",
                account
            )
        }
    }

    /// Gives an account credits; for a negative amount, takes as much of it as is available.
    func grant(_ amount: Credits, to account: AccountID) throws {
        try lock(account)
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
        let changes = [(source, slot(of: source), -amount), (destination, slot(of: destination), amount)]
            .sorted { $0.0.description < $1.0.description }
        for (account, slot, amount) in changes {
            try run(
                "UPDATE ledger_balance SET amount = amount + ? WHERE account = ? AND slot = ?",
                amount,
                account,
                slot
            )
        }
        try run("INSERT INTO ledger_transaction (kind, job, time) VALUES (?, ?, ?)", kind.rawValue, job, now)
        // Where there is no balance that was changed, there is no name for the entry, and the table refuses it.
        let (id, account) = (connection.dialect.newestID, "SELECT account FROM ledger_balance WHERE account")
        try run(
            """
            INSERT INTO ledger_entry (transaction_id, account, amount)
            VALUES (\(id), (\(account) = ?1 AND slot = ?2), ?3), (\(id), (\(account) = ?4 AND slot = ?5), ?6)
            """,
            changes[0].0,
            changes[0].1,
            changes[0].2,
            changes[1].0,
            changes[1].1,
            changes[1].2
        )
    }

    /// Which row of an account's balance is changed.
    private func slot(of account: LedgerAccount) -> Int {
        switch account {
        case .grants, .revenue: Int.random(in: 0..<connection.dialect.sharedBalanceSlots)
        case .available, .reserved: 0
        }
    }
}

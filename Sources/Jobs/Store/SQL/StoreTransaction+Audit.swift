// SPDX-License-Identifier: Apache-2.0

/// The check of the books, which trusts nothing but the entries.
extension StoreTransaction {
    func verifyLedger() throws -> LedgerReport {
        let stored = try rows(
            "SELECT account, CAST(SUM(amount) AS BIGINT) AS amount FROM ledger_balance GROUP BY account"
        )
        let balances = Dictionary(
            uniqueKeysWithValues: try stored.map { (try $0["account"] as LedgerAccount, try $0["amount"] as Credits) }
        )
        return LedgerReport(
            balances: balances,
            problems: try sumProblems(balances) + entryProblems() + reservationProblems() + jobProblems()
        )
    }

    private func sumProblems(_ balances: [LedgerAccount: Credits]) throws -> [String] {
        let sum = balances.values.reduce(.zero, +)
        let negative = balances.filter { $0.key != .grants && $0.value < .zero }
        return (sum == .zero ? [] : ["All accounts add up to \(sum), not to 0."])
            + negative.map { "\($0.key) is negative: \($0.value)." }
    }

    private func entryProblems() throws -> [String] {
        let unbalanced = try rows(
            """
            SELECT transaction_id AS id, CAST(SUM(amount) AS BIGINT) AS sum FROM ledger_entry
            GROUP BY transaction_id HAVING SUM(amount) <> 0
            """
        )
        let wrong = try rows(
            """
            SELECT balance.account, balance.amount, COALESCE(entries.sum, 0) AS sum
            FROM (SELECT account, CAST(SUM(amount) AS BIGINT) AS amount FROM ledger_balance GROUP BY account) AS balance
            LEFT JOIN (SELECT account, CAST(SUM(amount) AS BIGINT) AS sum FROM ledger_entry GROUP BY account) AS entries
                ON entries.account = balance.account
            WHERE balance.amount <> COALESCE(entries.sum, 0)
            """
        )
        let lost = try rows(
            """
            SELECT account, CAST(SUM(amount) AS BIGINT) AS sum FROM ledger_entry
            WHERE account NOT IN (SELECT account FROM ledger_balance) GROUP BY account
            """
        )
        return try unbalanced.map {
            "Transaction \(try $0["id"] as Int64) adds up to \(try $0["sum"] as Credits), not to 0."
        }
            + wrong.map {
                """
                \(try $0["account"] as String) is \(try $0["amount"] as Credits), \
                but its entries add up to \(try $0["sum"] as Credits).
                """
            }
            + lost.map {
                "\(try $0["account"] as String) has entries of \(try $0["sum"] as Credits), but no balance."
            }
    }

    private func reservationProblems() throws -> [String] {
        let rows = try rows(
            """
            SELECT account.id, balance.amount, CAST(COALESCE(SUM(job.price), 0) AS BIGINT) AS sum
            FROM account JOIN ledger_balance AS balance ON balance.account = 'reserved:' || account.id
            LEFT JOIN job ON job.account = account.id AND job.state IN ('queued', 'leased')
            GROUP BY account.id, balance.amount HAVING balance.amount <> COALESCE(SUM(job.price), 0)
            """
        )
        return try rows.map {
            """
            \(try $0["id"] as String) has \(try $0["amount"] as Credits) reserved, \
            but its open jobs cost \(try $0["sum"] as Credits).
            """
        }
    }

    private func jobProblems() throws -> [String] {
        let closes = "kind IN ('settle', 'refund')"
        let wrong = try rows(
            """
            SELECT job.id, job.state, close.kind FROM job
            LEFT JOIN ledger_transaction AS close ON close.job = job.id AND close.\(closes)
            WHERE job.price > 0 AND close.kind IS DISTINCT FROM CASE job.state
                WHEN 'queued' THEN NULL WHEN 'leased' THEN NULL WHEN 'completed' THEN 'settle' ELSE 'refund' END
            """
        )
        let unpaid = try rows(
            """
            SELECT job.id FROM job WHERE job.price > 0
                AND NOT EXISTS (SELECT 1 FROM ledger_transaction WHERE job = job.id AND kind = 'reserve')
            """
        )
        // Of jobs that are forgotten too.
        let open = try rows(
            """
            SELECT reserve.job FROM ledger_transaction AS reserve
            WHERE reserve.kind = 'reserve'
                AND NOT EXISTS (SELECT 1 FROM ledger_transaction AS close WHERE close.job = reserve.job AND close.\(closes))
                AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = reserve.job AND job.state IN ('queued', 'leased'))
            """
        )
        let unequal = try rows(
            """
            SELECT job FROM (
                SELECT ledger_transaction.job, SUM(entry.amount) AS sum
                FROM ledger_transaction JOIN ledger_entry AS entry ON entry.transaction_id = ledger_transaction.id
                WHERE ledger_transaction.job IS NOT NULL AND entry.account LIKE 'reserved:%'
                GROUP BY ledger_transaction.job
            ) AS closed WHERE sum <> 0 AND job NOT IN (SELECT id FROM job WHERE state IN ('queued', 'leased'))
            """
        )
        return try wrong.map {
            let kind = try $0["kind"] as String? ?? "neither settle nor refund"
            return "Job \(try $0["id"] as String) is \(try $0["state"] as String), but has \(kind)."
        }
            + unpaid.map { "Job \(try $0["id"] as String) has a price, but nothing was reserved for it." }
            + open.map { "Job \(try $0["job"] as String) is over, but its reservation is not." }
            + unequal.map {
                "Job \(try $0["job"] as String) was not closed with the amount that was reserved for it."
            }
    }
}

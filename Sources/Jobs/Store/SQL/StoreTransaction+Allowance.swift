// SPDX-License-Identifier: Apache-2.0

/// What a key may still do.
struct Allowance {
    let key: KeyID
    let limit: RateLimit?
    var bucket: TokenBucket?
    let spending: SpendLimit?
    /// The current period of the spend limit.
    let spentLabel: String?
    /// What was spent in it.
    let spent: Credits
    let now: Timestamp

    /// Takes one request out of the key's rate; what is left when there is none.
    mutating func takeToken() -> RateStatus? {
        guard let limit, bucket?.take(limit, at: now) == false else { return nil }
        return bucket?.status(limit)
    }

    /// What is left of the key's rate.
    var rateStatus: RateStatus? {
        limit.flatMap { bucket?.status($0) }
    }

    /// The spend limit, if `price` is more than is left of it.
    func spendLimit(exceededBy price: Credits) -> SpendLimit? {
        guard let spending, spent + price > spending.amount else { return nil }
        return spending
    }
}

extension Allowance {
    /// What the key with this row may do.
    init(of key: KeyID, row: SQLRow, policy: StorePolicy, now: Timestamp) throws {
        let settings = try StoredJSON.decode(KeySettings.self, row["settings"])
        let limit = settings.rateLimit ?? policy.defaultRateLimit
        var bucket: TokenBucket?
        if let limit {
            bucket = TokenBucket(limit, at: now)
            if let parts = try row["bucket_parts"] as Int64?, let updated = try row["bucket_updated"] as Timestamp? {
                bucket = TokenBucket(parts: parts, updated: updated)
            }
        }
        let label = settings.spendLimit?.period.label(at: now)
        try self.init(
            key: key,
            limit: limit,
            bucket: bucket,
            spending: settings.spendLimit,
            spentLabel: label,
            spent: row["spent_label"] == label ? row["spent"] : .zero,
            now: now
        )
    }
}

extension StoreTransaction {
    /// Finds what ``Allowance/init(of:row:policy:now:)`` reads; nothing for a key that is gone.
    func allowanceStatement(of key: KeyID) -> SQLStatement {
        SQLStatement("SELECT * FROM api_key WHERE id = ? \(clause(.waiting))", key)
    }

    /// Writes what is left after a job of `price`.
    func save(_ allowance: Allowance, spending price: Credits) throws {
        try run(
            "UPDATE api_key SET bucket_parts = ?, bucket_updated = ?, spent = ?, spent_label = ? WHERE id = ?",
            allowance.bucket?.parts,
            allowance.bucket?.updated,
            allowance.spent + price,
            allowance.spentLabel,
            allowance.key
        )
    }

    /// Takes a job's price off what its key has spent, if that is still the same period.
    func forgetSpending(of row: JobRow) throws {
        guard let key = row.key, let label = row.spentLabel else { return }
        try run(
            "UPDATE api_key SET spent = spent - ? WHERE id = ? AND spent_label = ?",
            row.job.price,
            key,
            label
        )
    }
}

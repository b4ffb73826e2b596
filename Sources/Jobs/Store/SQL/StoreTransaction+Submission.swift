// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The way into the queue. Everything is checked before anything is written, so a refusal leaves no trace.
extension StoreTransaction {
    /// - Parameter request: The submission's request as it is stored; encoded before, because others wait meanwhile.
    func submit(_ submission: Submission, request: [UInt8]) throws -> SubmissionOutcome {
        try lock(submission.account)
        let standing = try standing(of: submission)
        guard let balance = standing.balance else { throw StoreError.unknownAccount(submission.account) }
        if let repeated = standing.repeated { return try outcome(of: repeated, for: submission) }
        var allowance = standing.allowance
        if let limited = allowance?.takeToken() { return .rateLimited(limited) }
        if let limit = allowance?.spendLimit(exceededBy: submission.price), let spent = allowance?.spent {
            return .spendLimitReached(limit, spent: spent, required: submission.price)
        }
        guard balance >= submission.price else {
            return .insufficientCredits(required: submission.price, balance: balance)
        }
        guard standing.waiting < policy.maxQueued, standing.ownWaiting < policy.maxQueuedPerAccount else {
            return .queueFull(retryAfter: try completionInterval())
        }
        let row = try insert(submission, request: request, spentLabel: allowance?.spentLabel)
        try reserve(row.job)
        if let allowance { try save(allowance, spending: submission.price) }
        try announce(.queued, of: row)
        return .accepted(row.job, rate: allowance?.rateStatus)
    }

    /// What decides about a submission.
    private struct Standing {
        /// What the account has; `nil` for one that was never opened.
        var balance: Credits?
        /// How many jobs wait, of all accounts and of this one.
        var waiting: Int
        var ownWaiting: Int
        /// The job that was submitted with the same idempotency key, if there was one.
        var repeated: SQLRow?
        /// What the key may do; `nil` without one.
        var allowance: Allowance?
    }

    private func standing(of submission: Submission) throws -> Standing {
        let account = submission.account
        var statements = [
            SQLStatement(
                """
                SELECT (SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_balance WHERE account = ?1) AS balance,
                    (SELECT COUNT(*) FROM job WHERE state = 'queued') AS waiting,
                    (SELECT COUNT(*) FROM job WHERE state = 'queued' AND account = ?2) AS own_waiting
                """,
                LedgerAccount.available(account),
                account
            )
        ]
        if let idempotency = submission.idempotency {
            // Locked before its key is, and looked at anew once whoever is ending it has: ended without pictures, it is free.
            statements.append(
                SQLStatement(
                    """
                    SELECT fingerprint, job.id AS job FROM idempotency JOIN job ON job.sequence = idempotency.job
                    WHERE idempotency.account = ? AND idempotency.key = ?
                        AND state IN ('queued', 'leased', 'completed') \(clause(.waiting, of: "job"))
                    """,
                    account,
                    idempotency.key
                )
            )
        }
        if let key = submission.key { statements.append(allowanceStatement(of: key)) }
        let answers = try connection.rows(statements)
        guard let counts = answers[0].first else { throw StoreError.damaged("nothing can be counted") }
        return Standing(
            balance: try counts["balance"],
            waiting: try counts["waiting"],
            ownWaiting: try counts["own_waiting"],
            repeated: submission.idempotency == nil ? nil : answers[1].first,
            allowance: try submission.key.flatMap { key in
                try answers.last?.first.map { try Allowance(of: key, row: $0, policy: policy, now: now) }
            }
        )
    }

    /// What became of a submission that was made before.
    private func outcome(of repeated: SQLRow, for submission: Submission) throws -> SubmissionOutcome {
        guard try repeated["fingerprint"] == submission.idempotency?.fingerprint else { return .idempotencyMismatch }
        let job: JobID = try repeated["job"]
        // A write that other repetitions need not repeat.
        try run("UPDATE job SET is_repeated = 1 WHERE id = ? AND is_repeated = 0", job)
        return .repeated(try lookUp(job, of: submission.account), job)
    }

    /// How long it takes until one more job completes, as measured of late.
    private func completionInterval() throws -> Duration {
        let sample = try row(
            """
            SELECT COUNT(*) AS count, MIN(ended) AS oldest FROM (
                SELECT ended FROM job WHERE state = 'completed' AND ended > ? ORDER BY ended DESC LIMIT 32
            ) AS newest
            """,
            now.advanced(by: .seconds(-600))
        )
        guard let sample, let oldest = try sample["oldest"] as Timestamp? else { return .seconds(10) }
        let interval = oldest.duration(to: now) / (try sample["count"] as Int)
        return min(max(interval, .seconds(1)), .seconds(600))
    }

    private func insert(_ submission: Submission, request: [UInt8], spentLabel: String?) throws -> JobRow {
        let lifecycle = JobLifecycle(retryLimit: policy.retryLimit, deadline: now.advanced(by: policy.deadline))
        let row = try row(
            """
            INSERT INTO job (id, account, api_key, spent_label, endpoint, width, height, price, state, lease_count,
                failure_count, retry_limit, deadline, submitted, webhook, attachment, traceparent, tracestate)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            RETURNING *
            """,
            submission.id,
            submission.account,
            submission.key,
            spentLabel,
            submission.endpoint,
            submission.request.width,
            submission.request.height,
            submission.price,
            lifecycle.state.name,
            lifecycle.leaseCount,
            lifecycle.failureCount,
            lifecycle.retryLimit,
            lifecycle.deadline,
            now,
            submission.webhook,
            submission.attachment,
            submission.trace?.traceparent,
            submission.trace?.state?.text
        )
        guard let row = try row.map(JobRow.init) else { throw StoreError.damaged("a job vanished") }
        try run("INSERT INTO job_request (job, request) VALUES (?, ?)", row.sequence, request)
        if let idempotency = submission.idempotency {
            try run(
                "INSERT INTO idempotency (account, key, fingerprint, job) VALUES (?, ?, ?, ?)",
                submission.account,
                idempotency.key,
                idempotency.fingerprint,
                row.sequence
            )
        }
        return row
    }
}

/// Requests as they are stored.
enum StoredRequest {
    static func encode(_ request: GenerationRequest) throws -> [UInt8] {
        [UInt8](try JSONEncoder().encode(request))
    }

    static func decode(_ bytes: [UInt8]) throws -> GenerationRequest {
        try JSONDecoder().decode(GenerationRequest.self, from: Data(bytes))
    }
}

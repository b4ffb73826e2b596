// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The way into the queue. Everything is checked before anything is written, so a refusal leaves no trace.
extension StoreTransaction {
    /// - Parameter request: The submission's request as it is stored; encoded before, because others wait meanwhile.
    func submit(_ submission: Submission, request: [UInt8]) throws -> SubmissionOutcome {
        try lock(submission.account)
        guard let balance = try balance(of: .available(submission.account)) else {
            throw StoreError.unknownAccount(submission.account)
        }
        if let outcome = try repetition(of: submission) { return outcome }
        var allowance = try submission.key.flatMap(allowance(of:))
        if let limited = allowance?.takeToken() { return .rateLimited(limited) }
        if let limit = allowance?.spendLimit(exceededBy: submission.price), let spent = allowance?.spent {
            return .spendLimitReached(limit, spent: spent, required: submission.price)
        }
        guard balance >= submission.price else {
            return .insufficientCredits(required: submission.price, balance: balance)
        }
        guard try hasPlace(for: submission.account) else {
            return .queueFull(retryAfter: try completionInterval())
        }
        let row = try insert(submission, request: request, spentLabel: allowance?.spentLabel)
        try reserve(row.job)
        if let allowance { try save(allowance, spending: submission.price) }
        try announce(.queued, of: row)
        return .accepted(row.job, rate: allowance?.rateStatus)
    }

    /// What became of the submission with the same idempotency key, if there was one.
    private func repetition(of submission: Submission) throws -> SubmissionOutcome? {
        guard let idempotency = submission.idempotency,
            let found = try row(
                """
                SELECT fingerprint, job.id AS job FROM idempotency JOIN job ON job.sequence = idempotency.job
                WHERE idempotency.account = ? AND idempotency.key = ?
                """,
                submission.account,
                idempotency.key
            )
        else { return nil }
        guard try found["fingerprint"] == idempotency.fingerprint else { return .idempotencyMismatch }
        let job: JobID = try found["job"]
        return .repeated(try lookUp(job, of: submission.account), job)
    }

    private func hasPlace(for account: AccountID) throws -> Bool {
        let waiting = try row(
            """
            SELECT (SELECT COUNT(*) FROM job WHERE state = 'queued') AS all_jobs,
                (SELECT COUNT(*) FROM job WHERE state = 'queued' AND account = ?) AS own_jobs
            """,
            account
        )
        guard let waiting else { return false }
        return try waiting["all_jobs"] < policy.maxQueued && waiting["own_jobs"] < policy.maxQueuedPerAccount
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

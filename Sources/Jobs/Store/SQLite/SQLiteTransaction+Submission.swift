// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The way into the queue. Everything is checked before anything is written, so a refusal leaves no trace.
extension SQLiteTransaction {
    /// - Parameter request: The submission's request as it is stored; encoded before, because others wait meanwhile.
    func submit(_ submission: Submission, request: Data) throws -> SubmissionOutcome {
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
        guard found["fingerprint"] == Data(idempotency.fingerprint) else { return .idempotencyMismatch }
        let job: JobID = found["job"]
        return .repeated(try lookUp(job, of: submission.account), job)
    }

    private func hasPlace(for account: AccountID) throws -> Bool {
        let all = try number("SELECT COUNT(*) FROM job WHERE state = 'queued'")
        guard all < policy.maxQueued else { return false }
        let own = try number("SELECT COUNT(*) FROM job WHERE state = 'queued' AND account = ?", account)
        return own < policy.maxQueuedPerAccount
    }

    /// How long it takes until one more job completes, as measured of late.
    private func completionInterval() throws -> Duration {
        let sample = try row(
            """
            SELECT COUNT(*) AS count, MIN(ended) AS oldest FROM (
                SELECT ended FROM job WHERE state = 'completed' AND ended > ? ORDER BY ended DESC LIMIT 32
            )
            """,
            now.advanced(by: .seconds(-600))
        )
        guard let sample, let oldest = sample["oldest"] as Timestamp? else { return .seconds(10) }
        let interval = oldest.duration(to: now) / (sample["count"] as Int)
        return min(max(interval, .seconds(1)), .seconds(600))
    }

    private func insert(_ submission: Submission, request: Data, spentLabel: String?) throws -> JobRow {
        let lifecycle = JobLifecycle(retryLimit: policy.retryLimit, deadline: now.advanced(by: policy.deadline))
        try run(
            """
            INSERT INTO job (id, account, api_key, spent_label, endpoint, width, height, price, state, lease_count,
                failure_count, retry_limit, deadline, submitted, webhook, attachment, traceparent, tracestate)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
        let sequence = db.lastInsertedRowID
        try run("INSERT INTO job_request (job, request) VALUES (?, ?)", sequence, request)
        if let idempotency = submission.idempotency {
            try run(
                "INSERT INTO idempotency (account, key, fingerprint, job) VALUES (?, ?, ?, ?)",
                submission.account,
                idempotency.key,
                Data(idempotency.fingerprint),
                sequence
            )
        }
        guard let row = try jobRow(submission.id) else { throw StoreError.damaged("a job vanished") }
        return row
    }
}

/// Requests as they are stored.
enum StoredRequest {
    static func encode(_ request: GenerationRequest) throws -> Data {
        try JSONEncoder().encode(request)
    }

    static func decode(_ data: Data) throws -> GenerationRequest {
        try JSONDecoder().decode(GenerationRequest.self, from: data)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A request for pictures with all that decides whether it becomes a job.
package struct Submission: Equatable, Sendable {
    /// The job's name, if it becomes one.
    package var id = JobID()
    /// Who pays.
    package var account: AccountID
    /// The key whose limits apply; `nil` where nobody needs one.
    package var key: KeyID?
    /// What the request was sent to, such as `sd2.1-txt2img`.
    package var endpoint: String
    /// What to make.
    package var request: GenerationRequest
    /// What it costs; nothing is reserved for 0.
    package var price: Credits
    /// What makes a repetition of this request the same job.
    package var idempotency: Idempotency?
    /// Who wants to be told of the job's end: an address that was checked.
    package var webhook: String?
    /// The caller's place in a distributed trace.
    package var trace: TraceContext?
    /// Anything whoever answers for the job wants to find in its record.
    package var attachment = ""

    package init(account: AccountID, key: KeyID?, endpoint: String, request: GenerationRequest, price: Credits) {
        self.account = account
        self.key = key
        self.endpoint = endpoint
        self.request = request
        self.price = price
    }
}

/// What makes two requests of one account the same.
package struct Idempotency: Equatable, Sendable {
    /// The name the caller gave the request.
    package var key: String
    /// A digest of what the caller asked for; another one under the same key is a mistake.
    package var fingerprint: [UInt8]

    package init(key: String, fingerprint: [UInt8]) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// What became of a submission.
///
/// All that a refused submission changes is nothing: no credits, no idempotency key, no share of a rate.
package enum SubmissionOutcome: Equatable, Sendable {
    /// It is a job now. `rate` is what its key has left, where there is a limit.
    case accepted(Job, rate: RateStatus?)
    /// It was submitted before: the job, wherever it is now. Nothing was charged again.
    ///
    /// A job that ended without pictures is not repeated: its idempotency key is free again.
    case repeated(JobLookup, JobID)
    /// Its idempotency key belongs to another request.
    case idempotencyMismatch
    /// Its key has asked for too much of late; the status says when to come again.
    case rateLimited(RateStatus)
    /// The account has less than the job costs.
    case insufficientCredits(required: Credits, balance: Credits)
    /// The key would spend more than it may.
    case spendLimitReached(SpendLimit, spent: Credits, required: Credits)
    /// As many jobs wait as may. At the rate at which they complete, a place is free after `retryAfter`.
    case queueFull(retryAfter: Duration)
}

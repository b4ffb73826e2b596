// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Makes jobs of orders.
struct JobSubmitter: Sendable {
    /// A job that is there now.
    struct Receipt {
        var job: Job
        /// Whether it was there before, and this request changes and costs nothing.
        var isRepetition: Bool
        /// What the key has left.
        var rate: RateStatus?
    }

    let store: any JobStore
    let configuration: APIConfiguration

    /// Submits an order as the job `id`, which goes on in `trace`.
    ///
    /// - Throws: ``APIError`` when it becomes none.
    func submit(
        _ order: GenerationOrder,
        for caller: Caller,
        as id: JobID,
        trace: TraceContext?
    ) async throws -> Receipt {
        // Who needs no key pays nothing.
        let prices = configuration.auth == .keys ? configuration.prices : .free
        var submission = Submission(
            account: caller.account,
            key: caller.key,
            endpoint: order.endpoint.rawValue,
            request: order.generation,
            price: prices.price(of: order.generation)
        )
        submission.id = id
        submission.trace = trace
        submission.idempotency = order.idempotency
        submission.webhook = order.webhook?.description
        submission.attachment = try order.attachment.text()
        switch try await submitted(submission) {
        case .accepted(let job, let rate):
            return Receipt(job: job, isRepetition: false, rate: rate)
        case .repeated(.found(let job), _):
            return Receipt(job: job, isRepetition: true)
        case .repeated(.expired, _), .repeated(.unknown, _):
            throw APIError.expiredRequest
        case .idempotencyMismatch:
            throw APIError.idempotencyMismatch
        case .rateLimited(let rate):
            throw APIError.rateLimited(rate)
        case .insufficientCredits(let required, let balance):
            throw APIError.insufficientCredits(required: required, balance: balance)
        case .spendLimitReached(let limit, let spent, let required):
            throw APIError.spendLimitReached(limit, spent: spent, required: required)
        case .queueFull(let delay):
            throw APIError.queueFull(retryAfter: delay)
        }
    }

    /// What the store makes of a submission; of one that it undoes for sure, the caller is told that it costs nothing.
    private func submitted(_ submission: Submission) async throws -> SubmissionOutcome {
        do {
            return try await store.submit(submission)
        } catch {
            guard error.meansUndone else { throw error }
            var told = APIError(error)
            told.message += " Nothing was charged."
            throw told
        }
    }
}

extension RateStatus {
    /// The headers that tell it.
    var headers: HTTPFields {
        [.rateLimit: "\(limit)", .rateLimitRemaining: "\(remaining)", .rateLimitReset: "\(reset.secondsRoundedUp)"]
    }
}

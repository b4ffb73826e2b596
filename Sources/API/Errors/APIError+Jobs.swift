// SPDX-License-Identifier: Apache-2.0

import Jobs

/// What is told about submissions that are no jobs, and about jobs that are no pictures.
extension APIError {
    /// The job's end, for its caller; `nil` when it completed.
    init?(_ end: JobEnd) {
        switch end {
        case .completed: return nil
        case .failed(let failure): self.init(failure)
        case .cancelled: self.init(.requestCancelled, "The request was cancelled. Nothing was charged.")
        case .expired: self.init(.timeout, "The pictures were not ready in time. Nothing was charged.")
        }
    }

    private init(_ failure: JobFailure) {
        switch failure.code {
        case .workerFailed: self.init(.workerFailed, failure.message)
        case .invalidOutput: self.init(.invalidOutput, failure.message)
        case .invalidParameter: self.init(.invalidParameter, failure.message)
        case .internal: self.init(.internal, failure.message)
        }
    }

    static func insufficientCredits(required: Credits, balance: Credits) -> APIError {
        var error = APIError(
            .insufficientCredits,
            "Insufficient credits: the request costs \(required), and the account has \(balance)."
        )
        error.required = required
        error.balance = balance
        return error
    }

    static func spendLimitReached(_ limit: SpendLimit, spent: Credits, required: Credits) -> APIError {
        let period =
            switch limit.period {
            case .day: " a day"
            case .month: " a month"
            case .total: " in all"
            }
        var error = APIError(
            .spendLimitReached,
            "Insufficient credits for this key: it may spend \(limit.amount)\(period) and has spent \(spent); "
                + "the request costs \(required)."
        )
        error.required = required
        error.balance = limit.amount - spent
        error.limit = "\(limit.amount)\(period)"
        return error
    }

    static func rateLimited(_ rate: RateStatus) -> APIError {
        var error = APIError(
            .rateLimited,
            "This key has sent too many requests. Try again later.",
            retryAfter: rate.reset
        )
        error.limit = "\(rate.limit) requests"
        error.headers = rate.headers
        return error
    }

    static func queueFull(retryAfter: Duration) -> APIError {
        APIError(.queueFull, "Too many requests are waiting. Try again later.", retryAfter: retryAfter)
    }

    static let idempotencyMismatch = APIError(
        .idempotencyMismatch,
        "This Idempotency-Key was sent before with other parameters. Use another key for another request."
    )

    /// For one who repeats a request that is being carried out and cannot wait for it.
    static let idempotencyInProgress = APIError(
        .idempotencyInProgress,
        "The request with this Idempotency-Key is being carried out, and too many wait already. Try again later.",
        retryAfter: .seconds(1)
    )

    static let tooManyWaits = APIError(
        .tooManyWaits,
        "Too many requests wait for news already. Try again later.",
        retryAfter: .seconds(1)
    )

    /// For one who would wait for pictures, which are not made then.
    static let tooManyPictureWaits = APIError(
        .tooManyWaits,
        "Too many requests wait for their pictures already. Nothing was charged. Ask for them later, or try again.",
        retryAfter: .seconds(5)
    )

    /// For one who cannot come back for pictures, which are not made then.
    static let stopping = APIError(
        .stopping,
        "The server shuts down. Nothing was charged. Try again soon.",
        retryAfter: .seconds(5)
    )

    /// For one who cannot come back for pictures, which are made all the same because they were asked for twice.
    static let stoppingWithoutCancelling = APIError(
        .stopping,
        "The server shuts down. The request was sent again and goes on: send it once more with its Idempotency-Key.",
        retryAfter: .seconds(5)
    )

    static let unknownRequest = APIError(.unknownRequest, "There is no such request.")

    static let expiredRequest = APIError(
        .expiredRequest,
        "The record of this request was kept for a while and is gone."
    )
}

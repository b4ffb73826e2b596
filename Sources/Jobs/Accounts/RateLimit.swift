// SPDX-License-Identifier: Apache-2.0

/// How many jobs may be created in how long a time.
package struct RateLimit: Equatable, Codable, Sendable {
    /// How many at once, and in each period.
    package let requests: Int
    package let period: Duration

    /// - Precondition: both are positive, the period at least a millisecond.
    package init(requests: Int, per period: Duration) {
        precondition(requests > 0 && period >= .milliseconds(1), "a rate is positive")
        self.requests = requests
        self.period = period
    }
}

/// What is left of a rate.
package struct RateStatus: Equatable, Sendable {
    /// How many may be created at once when none were for a while.
    package var limit: Int
    /// How many more may be created now.
    package var remaining: Int
    /// When one more may be created than now.
    package var reset: Duration

    package init(limit: Int, remaining: Int, reset: Duration) {
        self.limit = limit
        self.remaining = remaining
        self.reset = reset
    }
}

/// A token bucket: full at first, one token out for each request, filled up evenly.
package struct TokenBucket: Equatable, Sendable {
    /// Tokens at `updated`, in parts: a token is as many parts as the period has milliseconds, so that nothing is rounded.
    package private(set) var parts: Int64
    package private(set) var updated: Timestamp

    /// A full bucket.
    package init(_ limit: RateLimit, at now: Timestamp) {
        self.init(parts: limit.capacity, updated: now)
    }

    /// A bucket as it was stored.
    package init(parts: Int64, updated: Timestamp) {
        self.parts = parts
        self.updated = updated
    }

    /// Takes a token out at `now`; `false` when there is none.
    package mutating func take(_ limit: RateLimit, at now: Timestamp) -> Bool {
        fill(limit, at: now)
        guard parts >= limit.partsPerToken else { return false }
        parts -= limit.partsPerToken
        return true
    }

    /// What is left, as of the last ``take(_:at:)``.
    package func status(_ limit: RateLimit) -> RateStatus {
        let whole = parts / limit.partsPerToken
        let missing = min((whole + 1) * limit.partsPerToken, limit.capacity) - parts
        let requests = Int64(limit.requests)
        return RateStatus(
            limit: limit.requests,
            remaining: Int(whole),
            reset: .milliseconds((missing + requests - 1) / requests)
        )
    }

    private mutating func fill(_ limit: RateLimit, at now: Timestamp) {
        // A clock that was set back fills nothing, and a wait longer than the period fills all.
        let waited = min(max(now.milliseconds - updated.milliseconds, 0), limit.partsPerToken)
        parts = min(parts + waited * Int64(limit.requests), limit.capacity)
        updated = now
    }
}

extension RateLimit {
    fileprivate var partsPerToken: Int64 { period.wholeMilliseconds }
    fileprivate var capacity: Int64 { partsPerToken * Int64(requests) }
}

// SPDX-License-Identifier: Apache-2.0

/// The states of a job and every way from one to the next, without time, storage or money of its own.
///
/// ```
///              lease                complete
///   queued ─────────────▶ leased ─────────────▶ ended(completed)            settle
///     ▲ ▲                 │ │ │
///     │ └──── release ────┘ │ └── fail, lose ──▶ ended(failed)              refund
///     └─ fail, lose (retry)─┘
///   queued, leased ── cancel, deadline ────────▶ ended(cancelled | expired)  refund
/// ```
///
/// A transition returns what the owner of the state must do in the same transaction. Nothing follows an end: money moves
/// exactly once.
package struct JobLifecycle: Equatable, Sendable {
    /// Where a job is.
    package enum State: Equatable, Sendable {
        /// Waiting for a worker.
        case queued
        /// A worker has it, unless it gives no sign of life until `expiry`.
        case leased(Lease, expiry: Timestamp)
        /// It is over.
        case ended(JobEnd)
    }

    /// What a transition asks for.
    package enum Action: Equatable, Sendable {
        /// Tell whoever watches the job.
        case announce(JobEvent.Kind)
        /// Pay for the pictures with the reserved credits.
        case settle
        /// Give the reserved credits back.
        case refund
    }

    package private(set) var state: State
    /// Leases handed out so far.
    package private(set) var leaseCount: Int
    /// Tries that were lost or failed.
    package private(set) var failureCount: Int
    /// How many of those are followed by another try.
    package let retryLimit: Int
    /// When the job is given up.
    package let deadline: Timestamp

    /// A job that was just submitted.
    package init(retryLimit: Int, deadline: Timestamp) {
        self.init(state: .queued, leaseCount: 0, failureCount: 0, retryLimit: retryLimit, deadline: deadline)
    }

    /// A job as it was stored.
    package init(state: State, leaseCount: Int, failureCount: Int, retryLimit: Int, deadline: Timestamp) {
        self.state = state
        self.leaseCount = leaseCount
        self.failureCount = failureCount
        self.retryLimit = retryLimit
        self.deadline = deadline
    }

    /// Whether the job is over.
    package var isEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// Hands the job to a worker; `nil` when it does not wait for one.
    package mutating func lease(_ job: JobID, to worker: WorkerID, until expiry: Timestamp) -> Lease? {
        guard state == .queued else { return nil }
        leaseCount += 1
        let lease = Lease(job: job, worker: worker, number: leaseCount)
        state = .leased(lease, expiry: expiry)
        return lease
    }

    /// Keeps a lease for longer.
    package mutating func extend(_ lease: Lease, until expiry: Timestamp) -> LeaseAnswer {
        guard isHeld(lease) else { return .lost }
        state = .leased(lease, expiry: expiry)
        return .held
    }

    /// Ends the job with its pictures; `nil` when the lease is lost.
    package mutating func complete(_ lease: Lease) -> [Action]? {
        guard isHeld(lease) else { return nil }
        return end(.completed)
    }

    /// Reports that this try failed; `nil` when the lease is lost.
    ///
    /// A failure that another try may not meet is followed by one, as long as there are any.
    package mutating func fail(_ lease: Lease, _ failure: JobFailure, isRetryable: Bool) -> [Action]? {
        guard isHeld(lease) else { return nil }
        return isRetryable ? retry(orFailWith: failure) : end(.failed(failure))
    }

    /// Gives the job back untried, to be run by another worker; `nil` when the lease is lost.
    package mutating func release(_ lease: Lease) -> [Action]? {
        guard isHeld(lease) else { return nil }
        return queue()
    }

    /// Takes the job from a worker that is known to be gone; nothing when that worker does not have it.
    package mutating func lose(_ worker: WorkerID) -> [Action] {
        guard case .leased(let lease, _) = state, lease.worker == worker else { return [] }
        return retry(orFailWith: .workerLost)
    }

    /// Ends the job because nobody wants it any more; nothing when it is over already.
    ///
    /// A worker that has it learns so by its next heartbeat.
    package mutating func cancel() -> [Action] {
        isEnded ? [] : end(.cancelled)
    }

    /// Does what is due: gives the job up at its deadline, takes it from a worker that shows no sign of life.
    package mutating func advance(to now: Timestamp) -> [Action] {
        guard !isEnded else { return [] }
        guard now < deadline else { return end(.expired) }
        guard case .leased(_, let expiry) = state, expiry <= now else { return [] }
        return retry(orFailWith: .workerLost)
    }

    private func isHeld(_ lease: Lease) -> Bool {
        guard case .leased(let current, _) = state else { return false }
        return current == lease
    }

    private mutating func retry(orFailWith failure: JobFailure) -> [Action] {
        failureCount += 1
        return failureCount > retryLimit ? end(.failed(failure)) : queue()
    }

    private mutating func queue() -> [Action] {
        state = .queued
        return [.announce(.queued)]
    }

    private mutating func end(_ end: JobEnd) -> [Action] {
        state = .ended(end)
        return [end == .completed ? .settle : .refund, .announce(.ended(end))]
    }
}

extension JobFailure {
    fileprivate static let workerLost = JobFailure(
        .workerFailed,
        "The worker that made the pictures stopped, and so did those that tried again."
    )
}

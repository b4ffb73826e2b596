// SPDX-License-Identifier: Apache-2.0

import Jobs
import ServiceLifecycle

/// Waits for jobs.
struct JobWatcher: Sendable {
    let store: any JobStore

    /// How long one wait lasts before it is looked whether the server shuts down.
    static let slice = Duration.seconds(1)

    /// A job of `account`.
    ///
    /// - Throws: ``APIError`` when there is none of this name, or not any longer.
    func job(_ id: JobID, of account: AccountID) async throws -> Job {
        switch try await store.job(id, of: account) {
        case .found(let job): return job
        case .expired: throw APIError.expiredRequest
        case .unknown: throw APIError.unknownRequest
        }
    }

    /// The job once it is over, or as it is when that takes too long.
    ///
    /// - Parameters:
    ///   - patience: How long to wait.
    ///   - drainPatience: How long to wait once the server shuts down.
    func job(
        _ id: JobID,
        of account: AccountID,
        onceEndedWithin patience: Duration?,
        drainPatience: Duration
    ) async throws -> Job {
        let clock = ContinuousClock()
        var deadline = patience.map { clock.now + $0 }
        var isDraining = false
        var last: JobEvent.ID?
        while true {
            if Task.isShuttingDownGracefully, !isDraining {
                isDraining = true
                deadline = min(deadline ?? clock.now + drainPatience, clock.now + drainPatience)
            }
            let left = deadline.map { $0 - clock.now } ?? Self.slice
            guard left > .zero else { return try await job(id, of: account) }
            let events = try await store.events(of: id, after: last, waitingUpTo: min(left, Self.slice))
            // An empty answer comes at the end of the wait, and at once for a job that is over.
            guard let newest = events.last else {
                try Task.checkCancellation()
                guard try await store.isOver(id) else { continue }
                return try await job(id, of: account)
            }
            last = newest.id
            if case .ended = newest.kind { return try await job(id, of: account) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What waits, what runs, and who runs it.
package struct QueueStatistics: Equatable, Sendable {
    /// Jobs that wait for a worker.
    package var queued = 0
    /// How long the one of them that was submitted first has waited since then.
    package var oldestAge: Duration?
    /// Jobs that workers have.
    package var leased = 0
    /// Jobs whose records are kept, by how they ended.
    package var completed = 0
    package var failed = 0
    package var cancelled = 0
    package var expired = 0
    /// Workers that gave a sign of life within the duration of a lease, by what they said they do.
    package var workers: [WorkerState: Int] = [:]
    /// Credits that were paid for completed jobs, ever.
    package var revenue = Credits.zero

    package init() {}
}

/// What a worker process says it does.
package enum WorkerState: String, CaseIterable, Sendable {
    /// Loading the model.
    case starting
    /// Waiting for jobs.
    case ready
    /// Making pictures.
    case busy
    /// Finishing what it has.
    case draining
}

/// What ``MaintenanceStore/maintain()`` did.
package struct MaintenanceReport: Equatable, Sendable {
    /// Jobs taken from workers that gave no sign of life, to be tried again.
    package var requeued = 0
    /// Jobs taken so for the last time.
    package var failed = 0
    /// Jobs given up at their deadlines.
    package var expired = 0
    /// Records and pictures that were deleted.
    package var deleted = 0

    package init() {}
}

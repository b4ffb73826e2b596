// SPDX-License-Identifier: Apache-2.0

import Jobs

/// What is to be measured, as `Benchmarks/queue` writes it.
struct Plan: Decodable {
    /// The store, as `--database` takes it.
    var database: String
    /// How often the store is opened: each has connections of its own, as a process has.
    var stores: Int
    var accounts: Int
    var submitters: Int
    var workers: Int
    /// Jobs a second to submit, evenly; as many as the workers take, if there is none.
    var rate: Double?
    /// Of all jobs, those of the first account; the others' are the others' evenly.
    var greed: Double
    /// How long a worker takes for a job.
    var jobSeconds: Double
    /// How often a worker says meanwhile how far it is.
    var progressEvents: Int
    var pictureBytes: Int
    /// How long is measured, and how long nothing is measured before.
    var seconds: Double
    var warmUpSeconds: Double

    /// The most jobs that wait when there is no rate.
    var window: Int { max(submitters, workers) * 2 }

    /// The documented rules, with room for as many jobs as there are workers.
    var policy: StorePolicy {
        var policy = StorePolicy()
        policy.maxQueued = max(policy.maxQueued, workers * 2, 100_000)
        policy.maxQueuedPerAccount = policy.maxQueued
        return policy
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What the operator decides about jobs and records; the same for every process on one store.
package struct StorePolicy: Equatable, Sendable {
    /// How many jobs may wait; more are refused.
    package var maxQueued = 2000
    /// How many of them may be one account's, so that the others find a place too.
    package var maxQueuedPerAccount = 1000
    /// How long after its submission a job is given up.
    package var deadline = Duration.seconds(600)
    /// How often a job is tried again after its worker was lost or failed.
    package var retryLimit = 3
    /// How long a worker keeps a job without a heartbeat.
    package var leaseDuration = Duration.seconds(15)
    /// How long a job of another size waits, at most, while running batches are filled up with jobs of their own size.
    package var sizePatience = Duration.seconds(20)
    /// How long a job's record can be read after its end.
    package var recordLifetime = Duration.seconds(3600)
    /// How long a picture can be fetched, and how long it is remembered that a job existed.
    package var imageLifetime = Duration.seconds(7 * 24 * 3600)
    /// The rate of keys that have no limit of their own.
    package var defaultRateLimit: RateLimit?
    /// The waits between the attempts to deliver a webhook; after the last one it is given up.
    package var webhookBackoff: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(7200),
    ]

    /// The documented defaults.
    package init() {}
}

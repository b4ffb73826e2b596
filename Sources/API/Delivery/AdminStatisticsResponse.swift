// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The JSON answer that tells operators how the service is.
struct AdminStatisticsResponse: Encodable {
    let time: String
    let status: ServiceState
    let queued: Int
    /// Seconds since the request that waits longest was submitted.
    let oldestAge: Double?
    let running: Int
    /// Workers by what they do, every state included.
    let workers: [String: Int]
    /// Requests whose records are kept, by how they ended.
    let completed: Int
    let failed: Int
    let cancelled: Int
    let expired: Int
    let throughput: Spans

    /// How many requests ended in each of some equal spans of time, the oldest first.
    struct Spans: Encodable {
        let start: String
        /// The length of each span in seconds.
        let interval: Double
        let completed: [Int]
        let failed: [Int]
    }

    init(_ statistics: QueueStatistics, _ throughput: Throughput, isDraining: Bool, now: Timestamp) {
        time = now.iso8601
        status = ServiceState(statistics, isDraining: isDraining)
        queued = statistics.queued
        oldestAge = statistics.oldestAge?.roundedSeconds
        running = statistics.leased
        workers = Dictionary(
            uniqueKeysWithValues: WorkerState.allCases.map { ($0.rawValue, statistics.workers[$0, default: 0]) }
        )
        completed = statistics.completed
        failed = statistics.failed
        cancelled = statistics.cancelled
        expired = statistics.expired
        self.throughput = Spans(
            start: throughput.start.iso8601,
            interval: throughput.interval.seconds,
            completed: throughput.completed,
            failed: throughput.failed
        )
    }

    enum CodingKeys: String, CodingKey {
        case time, status, queued, running, workers, completed, failed, cancelled, expired, throughput
        case oldestAge = "oldest_age"
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What operators look at.
extension StoreTransaction {
    func statistics() throws -> QueueStatistics {
        var statistics = QueueStatistics()
        // Each has its own index; those that ended are counted as long as their records are kept.
        let open = try rows(
            "SELECT state, COUNT(*) AS count FROM job WHERE state IN ('queued', 'leased') GROUP BY state"
        )
        let ended = try rows(
            "SELECT state, COUNT(*) AS count FROM job WHERE record_expires > ? AND is_record_deleted = 0 GROUP BY state",
            now
        )
        for row in open + ended {
            let count: Int = try row["count"]
            switch try row["state"] as String {
            case "queued": statistics.queued = count
            case "leased": statistics.leased = count
            case "completed": statistics.completed = count
            case "failed": statistics.failed = count
            case "cancelled": statistics.cancelled = count
            default: statistics.expired = count
            }
        }
        let oldest: Timestamp? = try row("SELECT MIN(submitted) AS oldest FROM job WHERE state = 'queued'")?["oldest"]
        statistics.oldestAge = oldest?.duration(to: now)
        let alive = try rows(
            "SELECT state, COUNT(*) AS count FROM worker WHERE seen > ? GROUP BY state",
            now.advanced(by: .zero - policy.leaseDuration)
        )
        for row in alive {
            guard let state = WorkerState(rawValue: try row["state"]) else { continue }
            statistics.workers[state] = try row["count"]
        }
        statistics.revenue = try balance(of: .revenue) ?? .zero
        return statistics
    }

    func throughput(per interval: Duration, count: Int) throws -> Throughput {
        var throughput = Throughput(until: now, per: interval, count: count)
        // One statement for each state, because each has its own index.
        for state in ["completed", "failed", "expired"] {
            let rows = try rows(
                """
                SELECT (ended - ?1) / ?2 AS span, COUNT(*) AS count FROM job
                WHERE state = '\(state)' AND ended >= ?1 GROUP BY span
                """,
                throughput.start,
                interval.wholeMilliseconds
            )
            for row in rows {
                // A clock that was set back has left jobs that end later than now.
                let span = min(try row["span"] as Int, count - 1)
                if state == "completed" {
                    throughput.completed[span] += try row["count"]
                } else {
                    throughput.failed[span] += try row["count"]
                }
            }
        }
        return throughput
    }

    func failures(limit: Int) throws -> [Job] {
        try jobRows(
            """
            SELECT * FROM job WHERE state IN ('failed', 'expired') AND record_expires > ?
            ORDER BY sequence DESC LIMIT ?
            """,
            now,
            max(limit, 1)
        )
        .map(\.job)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Jobs as they are read and changed, one at a time.
extension StoreTransaction {
    /// The job with this id, unless it is forgotten.
    func jobRow(_ id: JobID) throws -> JobRow? {
        try row("SELECT * FROM job WHERE id = ? \(clause(.waiting))", id).map(JobRow.init)
    }

    /// The jobs with these ids, `nil` in the place of one that is forgotten.
    func jobRows(_ ids: [JobID]) throws -> [JobRow?] {
        // One after the other in the order of their ids, as everybody locks them.
        let order = ids.indices.sorted { ids[$0].description < ids[$1].description }
        let found = try connection.rows(
            order.map { SQLStatement("SELECT * FROM job WHERE id = ? \(clause(.waiting))", ids[$0]) }
        )
        var jobs = [JobRow?](repeating: nil, count: ids.count)
        for (index, rows) in zip(order, found) { jobs[index] = try rows.first.map(JobRow.init) }
        return jobs
    }

    /// The jobs a statement about the table gives.
    func jobRows(_ sql: String, _ arguments: (any SQLStorable)?...) throws -> [JobRow] {
        try rows(of: SQLStatement(sql: sql, arguments: arguments.map { $0?.sqlValue ?? .null })).map(JobRow.init)
    }

    /// Does what a transition asks for and writes the job.
    func apply(_ actions: [JobLifecycle.Action], to row: JobRow) throws {
        var row = row
        for action in actions {
            switch action {
            case .announce(.ended(let end)):
                row.job.ended = now
                row.job.progress = nil
                try run("DELETE FROM event WHERE job = ? AND kind = 'progress'", row.sequence)
                try announce(.ended(end), of: row)
                try queueWebhook(of: row)
            case .announce(let kind):
                try announce(kind, of: row)
            case .settle:
                try settle(row.job)
            case .refund:
                try forgetSpending(of: row)
                try refund(row.job)
                // Whoever tries again gets a new job.
                try run("DELETE FROM idempotency WHERE job = ?", row.sequence)
            }
        }
        try save(row)
    }

    /// Writes what of a job can change.
    func save(_ row: JobRow) throws {
        let lifecycle = row.job.lifecycle
        var worker: String?
        var expiry: Timestamp?
        if case .leased(let lease, let leaseExpiry) = lifecycle.state {
            worker = lease.worker.description
            expiry = leaseExpiry
        }
        var failure: String?
        if case .ended(let end) = lifecycle.state { failure = try end.storedFailure }
        try run(
            """
            UPDATE job SET state = ?, lease_worker = ?, lease_expires = ?, lease_count = ?, failure_count = ?,
                started = ?, lease_started = ?, ended = ?, record_expires = ?, forgotten = ?,
                progress = ?, failure = ?, result = ?
            WHERE sequence = ?
            """,
            lifecycle.state.name,
            worker,
            expiry,
            lifecycle.leaseCount,
            lifecycle.failureCount,
            row.job.started,
            row.leaseStarted,
            row.job.ended,
            row.job.ended?.advanced(by: policy.recordLifetime),
            row.job.ended?.advanced(by: max(policy.imageLifetime, policy.recordLifetime)),
            try row.job.progress.map(StoredJSON.encode),
            failure,
            try row.job.result.map(StoredJSON.encode),
            row.sequence
        )
    }
}

/// Jobs as they are looked at.
extension StoreTransaction {
    func lookUp(_ id: JobID, of account: AccountID?) throws -> JobLookup {
        guard let row = try jobRow(id), account == nil || row.job.account == account else { return .unknown }
        guard row.recordExpires.map({ now < $0 }) ?? true else { return .expired }
        return .found(try positioned([row])[0])
    }

    func isOver(_ id: JobID) throws -> Bool {
        try row("SELECT 1 FROM job WHERE id = ? AND state IN ('leased', 'queued')", id) == nil
    }

    func page(of account: AccountID?, after cursor: JobPage.Cursor?, limit: Int) throws -> JobPage {
        let limit = max(limit, 1)
        let before = cursor?.sequence ?? .max
        // Two statements, because each has its own index.
        let readable = "(record_expires IS NULL OR record_expires > ?)"
        let rows =
            if let account {
                try jobRows(
                    "SELECT * FROM job WHERE account = ? AND sequence < ? AND \(readable) ORDER BY sequence DESC LIMIT ?",
                    account,
                    before,
                    now,
                    limit + 1
                )
            } else {
                try jobRows(
                    "SELECT * FROM job WHERE sequence < ? AND \(readable) ORDER BY sequence DESC LIMIT ?",
                    before,
                    now,
                    limit + 1
                )
            }
        let shown = rows.prefix(limit)
        return JobPage(
            jobs: try positioned(shown),
            next: rows.count > limit ? shown.last.map { JobPage.Cursor(sequence: $0.sequence) } : nil
        )
    }

    func unfinishedJobs(of account: AccountID) throws -> [Job] {
        try jobRows(
            "SELECT * FROM job WHERE account = ? AND state IN ('leased', 'queued') ORDER BY state = 'queued', sequence",
            account
        ).map(\.job)
    }

    func request(of id: JobID) throws -> GenerationRequest? {
        let row = try row(
            """
            SELECT request FROM job_request JOIN job ON job.sequence = job_request.job
            WHERE job.id = ? AND (record_expires IS NULL OR record_expires > ?)
            """,
            id,
            now
        )
        return try row.map { try StoredRequest.decode($0["request"]) }
    }

    /// The jobs of `rows` with their places in the order in which jobs are handed out.
    private func positioned(_ rows: some Collection<JobRow>) throws -> [Job] {
        let waiting = rows.filter { $0.job.lifecycle.state == .queued }.map(\.sequence)
        guard let first = waiting.min(), let last = waiting.max() else { return rows.map(\.job) }
        // In each round, every account with a waiting job has one turn.
        let found = try self.rows(
            """
            WITH waiting AS (
                SELECT job.sequence, ROW_NUMBER() OVER (ORDER BY round, turn, job.account) AS place
                FROM (
                    SELECT job.sequence, account.turn, job.account,
                        ROW_NUMBER() OVER (PARTITION BY job.account ORDER BY job.sequence) AS round
                    FROM job JOIN account ON account.id = job.account WHERE job.state = 'queued'
                ) AS job
            )
            SELECT sequence, place - 1 AS position FROM waiting WHERE sequence BETWEEN ? AND ?
            """,
            first,
            last
        )
        let positions = try [Int64: Int](found.map { (try $0["sequence"], try $0["position"]) }) { first, _ in first }
        return rows.map { row in
            var job = row.job
            if job.lifecycle.state == .queued { job.queuePosition = positions[row.sequence] }
            return job
        }
    }
}

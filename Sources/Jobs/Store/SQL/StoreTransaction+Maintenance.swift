// SPDX-License-Identifier: Apache-2.0

/// What is due without anybody asking for it.
extension StoreTransaction {
    /// The most jobs that one transaction looks at, so that nobody waits for long.
    private static let batch = 200

    /// Whether ``maintain()`` would do anything.
    func isMaintenanceDue() throws -> Bool {
        if connection.dialect == .postgres, try areTokensOld() { return true }
        return try row(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'leased') AND deadline <= ?1)
                OR EXISTS (SELECT 1 FROM job WHERE state = 'leased' AND lease_expires <= ?1)
                OR EXISTS (SELECT 1 FROM job WHERE record_expires <= ?1 AND is_record_deleted = 0 AND \(Self.isNotNeeded))
                OR EXISTS (SELECT 1 FROM job WHERE forgotten <= ?1 AND \(Self.isNotNeeded))
                OR EXISTS (SELECT 1 FROM worker WHERE seen <= ?2)
            """,
            now,
            now.advanced(by: .zero - policy.leaseDuration)
        ) != nil
    }

    /// Before which the tokens of transactions are of no use.
    private var oldestToken: Timestamp { now.advanced(by: .zero - TransactionToken.lifetime) }

    /// Whether tokens have been of no use for a while; deleting many at once is cheaper.
    private func areTokensOld() throws -> Bool {
        let bound = TransactionToken.bound(oldestToken.advanced(by: .seconds(-60)))
        return try row("SELECT 1 FROM transaction_token WHERE token < ? LIMIT 1", bound) != nil
    }

    /// Jobs past their deadlines, and jobs whose leases ran out.
    func overdue() throws -> [JobID] {
        try rows(
            """
            SELECT id FROM job WHERE state IN ('queued', 'leased') AND deadline <= ?1
            UNION SELECT id FROM job WHERE state = 'leased' AND lease_expires <= ?1
            LIMIT ?2
            """,
            now,
            Self.batch
        )
        .map { try $0["id"] }
    }

    /// Takes an overdue job from its worker, or ends it; returns what it is then, and `nil` if it was not overdue.
    func giveUpWhatIsOverdue(of id: JobID) throws -> JobLifecycle.State? {
        guard var row = try jobRow(id) else { return nil }
        let actions = row.job.lifecycle.advance(to: now)
        guard !actions.isEmpty else { return nil }
        row.job.progress = nil
        try apply(actions, to: row)
        return row.job.lifecycle.state
    }

    /// Deletes what is too old to keep; returns how many records and jobs there were.
    func cleanUp() throws -> Int {
        let count = try deleteRecords() + forgetJobs()
        if count > 0, connection.dialect == .sqlite { try shrinkFile() }
        if connection.dialect == .postgres {
            try run("DELETE FROM transaction_token WHERE token < ?", TransactionToken.bound(oldestToken))
        }
        try run("DELETE FROM worker WHERE seen <= ?", now.advanced(by: .zero - policy.leaseDuration))
        return count
    }

    /// The jobs a worker has.
    func leases(of worker: WorkerID) throws -> [JobID] {
        try rows("SELECT id FROM job WHERE state = 'leased' AND lease_worker = ?", worker.description)
            .map { try $0["id"] }
    }

    /// Takes a job back from a worker that is dead; `false` if that does not have it any more.
    func takeBack(_ id: JobID, from worker: WorkerID) throws -> Bool {
        guard var row = try jobRow(id), case .leased(let lease, _) = row.job.lifecycle.state, lease.worker == worker
        else { return false }
        let actions = row.job.lifecycle.lose(worker)
        row.job.progress = nil
        try apply(actions, to: row)
        return true
    }

    /// Writes what a worker does.
    func announce(_ worker: WorkerID, _ state: WorkerState?) throws {
        guard let state else {
            try run("DELETE FROM worker WHERE id = ?", worker.description)
            return
        }
        try run(
            """
            INSERT INTO worker (id, state, seen) VALUES (?1, ?2, ?3)
            ON CONFLICT (id) DO UPDATE SET state = ?2, seen = ?3
            """,
            worker.description,
            state.rawValue,
            now
        )
    }

    /// Nobody is still to be told of the job's end.
    private static let isNotNeeded =
        "NOT EXISTS (SELECT 1 FROM webhook_delivery WHERE job = job.sequence AND webhook_delivery.state = 'due')"

    /// Deletes what records are made of; that there were jobs is remembered.
    private func deleteRecords() throws -> Int {
        let rows = try rows(
            """
            SELECT sequence FROM job
            WHERE record_expires <= ? AND is_record_deleted = 0 AND \(Self.isNotNeeded) LIMIT ? \(clause(.skipping))
            """,
            now,
            Self.batch
        )
        for row in rows {
            let sequence: Int64 = try row["sequence"]
            try run(
                "UPDATE job SET is_record_deleted = 1, result = NULL, attachment = '', webhook = NULL WHERE sequence = ?",
                sequence
            )
            try run("DELETE FROM job_request WHERE job = ?", sequence)
            try run("DELETE FROM event WHERE job = ?", sequence)
        }
        return rows.count
    }

    /// Gives some of the file's free pages back to the disk.
    private func shrinkFile() throws {
        _ = try rows("PRAGMA incremental_vacuum(2000)")
    }

    /// Deletes jobs with their pictures.
    private func forgetJobs() throws -> Int {
        try rows(
            """
            DELETE FROM job WHERE sequence IN (
                SELECT sequence FROM job WHERE forgotten <= ? AND \(Self.isNotNeeded) LIMIT ? \(clause(.skipping))
            ) RETURNING sequence
            """,
            now,
            Self.batch
        )
        .count
    }
}

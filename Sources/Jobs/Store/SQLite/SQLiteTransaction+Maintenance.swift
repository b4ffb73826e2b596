// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What is due without anybody asking for it.
extension SQLiteTransaction {
    /// The most jobs that one transaction looks at, so that nobody waits for long.
    private static let batch = 200

    /// Whether ``maintain()`` would do anything.
    func isMaintenanceDue() throws -> Bool {
        try row(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'leased') AND deadline <= ?1)
                OR EXISTS (SELECT 1 FROM job WHERE state = 'leased' AND lease_expires <= ?1)
                OR EXISTS (SELECT 1 FROM job WHERE record_expires <= ?1 AND is_record_deleted = 0 AND \(Self.isNotNeeded))
                OR EXISTS (SELECT 1 FROM job WHERE forgotten <= ?1)
                OR EXISTS (SELECT 1 FROM worker WHERE seen <= ?2)
            """,
            now,
            now.advanced(by: .zero - policy.leaseDuration)
        ) != nil
    }

    func maintain() throws -> MaintenanceReport {
        var report = MaintenanceReport()
        for var row in try overdue() {
            let actions = row.job.lifecycle.advance(to: now)
            guard !actions.isEmpty else { continue }
            switch row.job.lifecycle.state {
            case .ended(.expired): report.expired += 1
            case .ended: report.failed += 1
            case .queued, .leased: report.requeued += 1
            }
            row.job.progress = nil
            try apply(actions, to: row)
        }
        report.deleted = try deleteRecords() + forgetJobs()
        if report.deleted > 0 { try shrinkFile() }
        try run("DELETE FROM worker WHERE seen <= ?", now.advanced(by: .zero - policy.leaseDuration))
        return report
    }

    /// Takes back what a worker has that is dead.
    func bury(_ worker: WorkerID) throws -> Int {
        let rows = try jobRows("SELECT * FROM job WHERE state = 'leased' AND lease_worker = ?", worker.description)
        for var row in rows {
            let actions = row.job.lifecycle.lose(worker)
            row.job.progress = nil
            try apply(actions, to: row)
        }
        try announce(worker, nil)
        return rows.count
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

    private func overdue() throws -> [JobRow] {
        try jobRows(
            """
            SELECT * FROM job WHERE state IN ('queued', 'leased') AND deadline <= ?1
            UNION SELECT * FROM job WHERE state = 'leased' AND lease_expires <= ?1
            LIMIT ?2
            """,
            now,
            Self.batch
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
            WHERE record_expires <= ? AND is_record_deleted = 0 AND \(Self.isNotNeeded) LIMIT ?
            """,
            now,
            Self.batch
        )
        for row in rows {
            let sequence: Int64 = row["sequence"]
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
        try db.execute(sql: "PRAGMA incremental_vacuum(2000)")
    }

    /// Deletes jobs with their pictures.
    private func forgetJobs() throws -> Int {
        try run(
            "DELETE FROM job WHERE sequence IN (SELECT sequence FROM job WHERE forgotten <= ? LIMIT ?)",
            now,
            Self.batch
        )
        return db.changesCount
    }
}

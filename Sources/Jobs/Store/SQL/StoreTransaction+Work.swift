// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec

/// Jobs on their way through workers.
extension StoreTransaction {
    /// Whether a claim would find a job.
    func hasWork(of size: PictureSize?) throws -> Bool {
        guard let size else { return try row("SELECT 1 FROM job WHERE state = 'queued' LIMIT 1") != nil }
        guard try !isAnotherImpatient(than: size) else { return false }
        return try row(
            "SELECT 1 FROM job WHERE state = 'queued' AND width = ? AND height = ? LIMIT 1",
            size.width,
            size.height
        ) != nil
    }

    /// Hands out the next job, of `size` or of any size for `nil`.
    func claim(by worker: WorkerID, size: PictureSize?) throws -> ClaimedJob? {
        if let size, try isAnotherImpatient(than: size) { return nil }
        while let (row, stored) = try nextWaiting(size) {
            // Nobody may have noticed yet that its time is over, and it may be no request that this version can read.
            guard let job = try lease(row, to: worker, stored: stored) else { continue }
            return job
        }
        return nil
    }

    /// Which of the leases are lost, and whether any of the others must be written to be kept.
    func check(_ heartbeats: [Heartbeat]) throws -> (lost: Set<Lease>, needsWrite: Bool) {
        var lost: Set<Lease> = []
        var needsWrite = false
        for (heartbeat, row) in zip(heartbeats, try jobRows(heartbeats.map(\.lease.job))) {
            guard let row, case .leased(heartbeat.lease, let expiry) = row.job.lifecycle.state
            else {
                lost.insert(heartbeat.lease)
                continue
            }
            if heartbeat.progress != nil || now.duration(to: expiry) < policy.leaseDuration / 2 { needsWrite = true }
        }
        return (lost, needsWrite)
    }

    /// Keeps leases and writes progress; returns the leases that are lost.
    func beat(_ heartbeats: [Heartbeat]) throws -> Set<Lease> {
        var lost: Set<Lease> = []
        let expiry = now.advanced(by: policy.leaseDuration)
        for (heartbeat, row) in zip(heartbeats, try jobRows(heartbeats.map(\.lease.job))) {
            guard var row, row.job.lifecycle.extend(heartbeat.lease, until: expiry) == .held else {
                lost.insert(heartbeat.lease)
                continue
            }
            if let progress = heartbeat.progress {
                row.job.progress = progress.progress
                try announce(.progress(progress), of: row)
            }
            try save(row)
        }
        return lost
    }

    /// Ends a job with its pictures.
    func complete(_ lease: Lease, with result: GenerationResult) throws -> LeaseAnswer {
        try change(lease) { row in
            guard let actions = row.job.lifecycle.complete(lease) else { return nil }
            var timings = result.timings
            timings.queue += row.job.submitted.duration(to: row.leaseStarted ?? now)
            row.job.result = JobResult(
                images: try result.images.map { try store($0, of: row) },
                warnings: result.warnings,
                timings: timings
            )
            return actions
        }
    }

    /// Changes a job in the name of a lease, by a transition that gives `nil` when the lease is lost.
    func change(
        _ lease: Lease,
        by transition: (inout JobRow) throws -> [JobLifecycle.Action]?
    ) throws -> LeaseAnswer {
        guard var row = try jobRow(lease.job), let actions = try transition(&row) else { return .lost }
        row.job.progress = nil
        try apply(actions, to: row)
        return .held
    }

    /// A picture by its name.
    func image(_ id: ImageID) throws -> StoredImage? {
        let row = try row(
            """
            SELECT format, bytes FROM image JOIN job ON job.sequence = image.job
            WHERE image.id = ? AND job.forgotten > ?
            """,
            id,
            now
        )
        guard let row, let format = ImageFormat(rawValue: try row["format"]) else { return nil }
        return try StoredImage(bytes: row["bytes"], format: format)
    }

    private func store(_ image: GeneratedImage, of row: JobRow) throws -> JobResult.Image {
        let id = ImageID()
        try run(
            "INSERT INTO image (id, job, format, bytes) VALUES (?, ?, ?, ?)",
            id,
            row.sequence,
            image.format.rawValue,
            image.bytes
        )
        return JobResult.Image(
            id: id,
            format: image.format,
            width: image.width,
            height: image.height,
            seed: image.seed,
            byteCount: image.bytes.count
        )
    }

    /// Whether a job of another size has waited for too long.
    private func isAnotherImpatient(than size: PictureSize) throws -> Bool {
        try row(
            "SELECT 1 FROM job WHERE state = 'queued' AND (width, height) <> (?, ?) AND submitted <= ? LIMIT 1",
            size.width,
            size.height,
            now.advanced(by: .zero - policy.sizePatience)
        ) != nil
    }

    /// The oldest waiting job of the account that had a worker the longest ago, and what it asks for.
    private func nextWaiting(_ size: PictureSize?) throws -> (JobRow, stored: [UInt8])? {
        let isWanted = size == nil ? "job.account = ?1" : "job.account = ?1 AND width = ?2 AND height = ?3"
        let sql = """
            SELECT job.*, job_request.request FROM job JOIN job_request ON job_request.job = job.sequence
            WHERE state = 'queued' AND \(isWanted) ORDER BY sequence LIMIT 1 \(clause(.skipping, of: "job"))
            """
        for account in try waitingAccounts(size) {
            let row = if let size { try row(sql, account, size.width, size.height) } else { try row(sql, account) }
            // None, where others are about to take all that the account has.
            if let row { return (try JobRow(row: row), try row["request"]) }
        }
        return nil
    }

    /// The first accounts that have waiting jobs, in the order of their turns.
    private func waitingAccounts(_ size: PictureSize?) throws -> [AccountID] {
        // Each step finds the next account in an index of the waiting jobs, however many jobs they have.
        let isWanted = size == nil ? "state = 'queued'" : "state = 'queued' AND width = ?1 AND height = ?2"
        let sql = """
            WITH RECURSIVE waiting (account) AS (
                SELECT MIN(account) FROM job WHERE \(isWanted)
                UNION ALL
                SELECT (SELECT MIN(account) FROM job WHERE \(isWanted) AND account > waiting.account)
                FROM waiting WHERE waiting.account IS NOT NULL
            )
            SELECT account.id FROM waiting JOIN account ON account.id = waiting.account
            ORDER BY account.turn, account.id LIMIT 64
            """
        let rows = if let size { try rows(sql, size.width, size.height) } else { try rows(sql) }
        return try rows.map { try $0["id"] }
    }

    private func lease(_ row: JobRow, to worker: WorkerID, stored: [UInt8]) throws -> ClaimedJob? {
        var row = row
        let overdue = row.job.lifecycle.advance(to: now)
        guard overdue.isEmpty,
            let lease = row.job.lifecycle.lease(row.job.id, to: worker, until: now.advanced(by: policy.leaseDuration))
        else {
            try apply(overdue, to: row)
            return nil
        }
        guard let request = try? StoredRequest.decode(stored) else {
            // At the head of the queue it would end every worker in turn.
            let failure = JobFailure(
                .internal,
                "The request cannot be read by the worker, which is of another version."
            )
            try apply(row.job.lifecycle.fail(lease, failure, isRetryable: false) ?? [], to: row)
            return nil
        }
        row.job.started = row.job.started ?? now
        row.leaseStarted = now
        try apply([.announce(.started)], to: row)
        try run("UPDATE account SET turn = \(connection.dialect.nextTurn) WHERE id = ?", row.job.account)
        return ClaimedJob(
            lease: lease,
            request: request,
            submitted: row.job.submitted,
            deadline: row.job.lifecycle.deadline,
            failures: row.job.lifecycle.failureCount,
            trace: row.job.trace
        )
    }
}

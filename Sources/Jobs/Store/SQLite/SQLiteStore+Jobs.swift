// SPDX-License-Identifier: Apache-2.0

import Foundation

extension SQLiteStore {
    package func submit(_ submission: Submission) async throws(StoreError) -> SubmissionOutcome {
        let request: Data
        do {
            request = try StoredRequest.encode(submission.request)
        } catch {
            throw StoreError(error)
        }
        return try await write { try $0.submit(submission, request: request) }
    }

    package func job(_ id: JobID, of account: AccountID?) async throws(StoreError) -> JobLookup {
        try await read { try $0.lookUp(id, of: account) }
    }

    package func jobs(
        of account: AccountID?,
        after cursor: JobPage.Cursor?,
        limit: Int
    ) async throws(StoreError) -> JobPage {
        try await read { try $0.page(of: account, after: cursor, limit: limit) }
    }

    package func request(of id: JobID) async throws(StoreError) -> GenerationRequest? {
        try await read { try $0.request(of: id) }
    }

    package func cancel(_ id: JobID, of account: AccountID?) async throws(StoreError) -> JobLookup {
        try await write { transaction in
            guard case .found = try transaction.lookUp(id, of: account), var row = try transaction.jobRow(id) else {
                return try transaction.lookUp(id, of: account)
            }
            let actions = row.job.lifecycle.cancel()
            if !actions.isEmpty { try transaction.apply(actions, to: row) }
            return try transaction.lookUp(id, of: account)
        }
    }

    package func events(
        of id: JobID,
        after last: JobEvent.ID?,
        waitingUpTo patience: Duration
    ) async throws(StoreError) -> [JobEvent] {
        var changes = changes.changes(of: .job(id), for: patience).makeAsyncIterator()
        repeat {
            let (events, isEnded) = try await read { try $0.events(of: id, after: last) }
            guard events.isEmpty, !isEnded else { return events }
        } while await changes.next() != nil
        return []
    }

    package func image(_ id: ImageID) async throws(StoreError) -> StoredImage? {
        try await read { try $0.image(id) }
    }
}

extension SQLiteStore {
    package func claim(
        by worker: WorkerID,
        upTo limit: Int,
        size: PictureSize?,
        waitingUpTo patience: Duration
    ) async throws(StoreError) -> [ClaimedJob] {
        var changes = changes.changes(of: .work, for: patience).makeAsyncIterator()
        repeat {
            // Most looks find nothing, and do not keep others from writing.
            guard try await read({ try $0.hasWork(of: size) }) else { continue }
            // After a power failure the jobs wait again, which costs nobody anything.
            let claimed = try await write(.process) { try $0.claim(by: worker, upTo: limit, size: size) }
            guard claimed.isEmpty else { return claimed }
        } while await changes.next() != nil
        return []
    }

    package func heartbeat(_ heartbeats: [Heartbeat]) async throws(StoreError) -> Set<Lease> {
        let (lost, needsWrite) = try await read { try $0.check(heartbeats) }
        guard needsWrite else { return lost }
        return try await write(.process) { try $0.beat(heartbeats) }
    }

    package func complete(_ lease: Lease, with result: GenerationResult) async throws(StoreError) -> LeaseAnswer {
        try await write { try $0.complete(lease, with: result) }
    }

    package func fail(
        _ lease: Lease,
        _ failure: JobFailure,
        isRetryable: Bool
    ) async throws(StoreError) -> LeaseAnswer {
        try await write {
            try $0.change(lease) { $0.job.lifecycle.fail(lease, failure, isRetryable: isRetryable) }
        }
    }

    package func release(_ lease: Lease) async throws(StoreError) -> LeaseAnswer {
        try await write(.process) {
            try $0.change(lease) { $0.job.lifecycle.release(lease) }
        }
    }

    package func announce(_ worker: WorkerID, _ state: WorkerState?) async throws(StoreError) {
        try await write(.process) { try $0.announce(worker, state) }
    }
}

extension SQLiteStore {
    package func maintain() async throws(StoreError) -> MaintenanceReport {
        guard try await read({ try $0.isMaintenanceDue() }) else { return MaintenanceReport() }
        return try await write { try $0.maintain() }
    }

    package func bury(_ worker: WorkerID) async throws(StoreError) -> Int {
        try await write { try $0.bury(worker) }
    }

    package func hasWork(waitingUpTo patience: Duration) async throws(StoreError) -> Bool {
        var changes = changes.changes(of: .work, for: patience).makeAsyncIterator()
        repeat {
            if try await read({ try $0.hasWork(of: nil) }) { return true }
        } while await changes.next() != nil
        return false
    }

    package func statistics() async throws(StoreError) -> QueueStatistics {
        try await read { try $0.statistics() }
    }

    package func throughput(per interval: Duration, count: Int) async throws(StoreError) -> Throughput {
        try await read { try $0.throughput(per: interval, count: count) }
    }

    package func failures(limit: Int) async throws(StoreError) -> [Job] {
        try await read { try $0.failures(limit: limit) }
    }
}

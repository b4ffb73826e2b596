// SPDX-License-Identifier: Apache-2.0

import Foundation

extension SQLStore {
    package func submit(_ submission: Submission) async throws(StoreError) -> SubmissionOutcome {
        let request: [UInt8]
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

    package func isOver(_ id: JobID) async throws(StoreError) -> Bool {
        try await look { try $0.isOver(id) }
    }

    package func jobs(
        of account: AccountID?,
        after cursor: JobPage.Cursor?,
        limit: Int
    ) async throws(StoreError) -> JobPage {
        try await read { try $0.page(of: account, after: cursor, limit: limit) }
    }

    package func unfinishedJobs(of account: AccountID) async throws(StoreError) -> [Job] {
        try await read { try $0.unfinishedJobs(of: account) }
    }

    package func request(of id: JobID) async throws(StoreError) -> GenerationRequest? {
        try await look { try $0.request(of: id) }
    }

    package func cancel(_ id: JobID, of account: AccountID?) async throws(StoreError) -> JobLookup {
        try await cancel(id, of: account) { _ in true }
    }

    package func abandon(_ id: JobID, of account: AccountID) async throws(StoreError) -> JobLookup {
        try await cancel(id, of: account) { !$0.isRepeated }
    }

    /// Cancels a job if `mayEnd` says so.
    private func cancel(
        _ id: JobID,
        of account: AccountID?,
        if mayEnd: @escaping @Sendable (JobRow) -> Bool
    ) async throws(StoreError) -> JobLookup {
        try await write { transaction in
            guard case .found = try transaction.lookUp(id, of: account), var row = try transaction.jobRow(id),
                mayEnd(row)
            else { return try transaction.lookUp(id, of: account) }
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
        var changes = changes(of: .job(id), for: patience, isOneOfMany: false).makeAsyncIterator()
        repeat {
            let (events, isEnded) = try await look { try $0.events(of: id, after: last) }
            guard events.isEmpty, !isEnded else { return events }
        } while await changes.next() != nil
        return []
    }

    package func image(_ id: ImageID) async throws(StoreError) -> StoredImage? {
        try await look { try $0.image(id) }
    }
}

extension SQLStore {
    package func claim(
        by worker: WorkerID,
        upTo limit: Int,
        size: PictureSize?,
        waitingUpTo patience: Duration
    ) async throws(StoreError) -> [ClaimedJob] {
        let end = ContinuousClock.now + patience
        repeat {
            let wait = min(ContinuousClock.now.duration(to: end), longestWait)
            var changes = changes(of: .work, for: wait, isOneOfMany: true).makeAsyncIterator()
            repeat {
                // Most looks find nothing, and do not keep others from writing.
                guard try await look({ try $0.hasWork(of: size) }) else { continue }
                let claimed = try await claimNow(by: worker, upTo: limit, size: size)
                guard claimed.isEmpty else { return claimed }
            } while await changes.next() != nil
        } while ContinuousClock.now < end && !Task.isCancelled
        return []
    }

    /// How long a worker waits without looking: it need not be told of each job.
    private var longestWait: Duration { policy.leaseDuration / 2 }

    /// Leases jobs, each in a transaction of its own: so two workers never wait for each other.
    private func claimNow(
        by worker: WorkerID,
        upTo limit: Int,
        size: PictureSize?
    ) async throws(StoreError) -> [ClaimedJob] {
        var claimed: [ClaimedJob] = []
        while claimed.count < limit {
            let size = claimed.first?.request.size ?? size
            do {
                // After a power failure the jobs wait again, which costs nobody anything.
                guard let job = try await write(.process, { try $0.claim(by: worker, size: size) }) else { break }
                claimed.append(job)
            } catch  where !claimed.isEmpty {
                break
            }
        }
        return claimed
    }

    package func heartbeat(_ heartbeats: [Heartbeat]) async throws(StoreError) -> Set<Lease> {
        let (lost, needsWrite) = try await look { try $0.check(heartbeats) }
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

extension SQLStore {
    package func maintain() async throws(StoreError) -> MaintenanceReport {
        guard try await look({ try $0.isMaintenanceDue() }) else { return MaintenanceReport() }
        var report = MaintenanceReport()
        for job in try await read({ try $0.overdue() }) {
            switch try await write({ try $0.giveUpWhatIsOverdue(of: job) }) {
            case .ended(.expired): report.expired += 1
            case .ended: report.failed += 1
            case .queued, .leased: report.requeued += 1
            case nil: break
            }
        }
        report.deleted = try await write { try $0.cleanUp() }
        return report
    }

    package func bury(_ worker: WorkerID) async throws(StoreError) -> Int {
        var count = 0
        for job in try await read({ try $0.leases(of: worker) })
        where try await write({ try $0.takeBack(job, from: worker) }) {
            count += 1
        }
        try await announce(worker, nil)
        return count
    }

    package func hasWork(waitingUpTo patience: Duration) async throws(StoreError) -> Bool {
        var changes = changes(of: .work, for: patience, isOneOfMany: false).makeAsyncIterator()
        repeat {
            if try await look({ try $0.hasWork(of: nil) }) { return true }
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

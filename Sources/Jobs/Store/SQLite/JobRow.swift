// SPDX-License-Identifier: Apache-2.0

import GRDB

/// A row of the table of jobs: a ``Job`` and what else is decided by it.
struct JobRow {
    let sequence: Int64
    var job: Job
    let size: PictureSize
    let key: KeyID?
    /// The period of the key's spend limit that the price counts in.
    let spentLabel: String?
    let webhook: String?
    /// The start of the newest try.
    var leaseStarted: Timestamp?
    /// When the record can no longer be read.
    let recordExpires: Timestamp?
}

extension JobRow: FetchableRecord {
    init(row: Row) throws {
        sequence = row["sequence"]
        size = PictureSize(width: row["width"], height: row["height"])
        key = row["api_key"]
        spentLabel = row["spent_label"]
        webhook = row["webhook"]
        leaseStarted = row["lease_started"]
        recordExpires = row["record_expires"]
        job = Job(
            id: row["id"],
            account: row["account"],
            endpoint: row["endpoint"],
            price: row["price"],
            lifecycle: try JobLifecycle(row: row),
            submitted: row["submitted"],
            started: row["started"],
            ended: row["ended"],
            progress: try (row["progress"] as String?).map { try StoredJSON.decode(GenerationProgress.self, $0) },
            result: try (row["result"] as String?).map { try StoredJSON.decode(JobResult.self, $0) },
            attachment: row["attachment"],
            trace: TraceContext(row: row)
        )
    }
}

extension TraceContext {
    /// The context that was sent with a job; `nil` when there was none.
    fileprivate init?(row: Row) {
        guard let traceparent = row["traceparent"] as String? else { return nil }
        self.init(traceparent: traceparent, tracestate: (row["tracestate"] as String?).map { [$0] } ?? [])
    }
}

extension JobLifecycle {
    fileprivate init(row: Row) throws {
        let state: State
        switch row["state"] as String {
        case "queued":
            state = .queued
        case "leased":
            let lease = Lease(job: row["id"], worker: WorkerID(row["lease_worker"]), number: row["lease_count"])
            state = .leased(lease, expiry: row["lease_expires"])
        case let end:
            guard let end = try JobEnd(name: end, failure: row["failure"]) else {
                throw StoreError.damaged("a job is in the state '\(end)'")
            }
            state = .ended(end)
        }
        self.init(
            state: state,
            leaseCount: row["lease_count"],
            failureCount: row["failure_count"],
            retryLimit: row["retry_limit"],
            deadline: row["deadline"]
        )
    }
}

extension JobEnd {
    /// The name of the state, and of the event.
    var name: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .expired: "expired"
        }
    }

    /// The failure as it is stored.
    var storedFailure: String? {
        get throws {
            guard case .failed(let failure) = self else { return nil }
            return try StoredJSON.encode(failure)
        }
    }

    /// The end of this name; `nil` when there is none.
    init?(name: String, failure: String?) throws {
        switch name {
        case "completed": self = .completed
        case "failed": self = .failed(try StoredJSON.decode(JobFailure.self, failure ?? ""))
        case "cancelled": self = .cancelled
        case "expired": self = .expired
        default: return nil
        }
    }
}

extension JobLifecycle.State {
    /// The name the state is stored under.
    var name: String {
        switch self {
        case .queued: "queued"
        case .leased: "leased"
        case .ended(let end): end.name
        }
    }
}

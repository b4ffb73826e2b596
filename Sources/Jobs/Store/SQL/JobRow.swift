// SPDX-License-Identifier: Apache-2.0

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
    /// Whether its request was sent again.
    let isRepeated: Bool
}

extension JobRow {
    init(row: SQLRow) throws {
        sequence = try row["sequence"]
        size = try PictureSize(width: row["width"], height: row["height"])
        key = try row["api_key"]
        spentLabel = try row["spent_label"]
        webhook = try row["webhook"]
        leaseStarted = try row["lease_started"]
        recordExpires = try row["record_expires"]
        isRepeated = try row["is_repeated"] as Int != 0
        job = try Job(
            id: row["id"],
            account: row["account"],
            endpoint: row["endpoint"],
            price: row["price"],
            lifecycle: JobLifecycle(row: row),
            submitted: row["submitted"],
            started: row["started"],
            ended: row["ended"],
            progress: (row["progress"] as String?).map { try StoredJSON.decode(GenerationProgress.self, $0) },
            result: (row["result"] as String?).map { try StoredJSON.decode(JobResult.self, $0) },
            attachment: row["attachment"],
            trace: TraceContext(row: row)
        )
    }
}

extension TraceContext {
    /// The context that was sent with a job; `nil` when there was none.
    fileprivate init?(row: SQLRow) throws {
        guard let traceparent = try row["traceparent"] as String? else { return nil }
        self.init(traceparent: traceparent, tracestate: try (row["tracestate"] as String?).map { [$0] } ?? [])
    }
}

extension JobLifecycle {
    fileprivate init(row: SQLRow) throws {
        let state: State
        switch try row["state"] as String {
        case "queued":
            state = .queued
        case "leased":
            let lease = try Lease(job: row["id"], worker: WorkerID(row["lease_worker"]), number: row["lease_count"])
            state = .leased(lease, expiry: try row["lease_expires"])
        case let end:
            guard let end = try JobEnd(name: end, failure: row["failure"]) else {
                throw StoreError.damaged("a job is in the state '\(end)'")
            }
            state = .ended(end)
        }
        try self.init(
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

// SPDX-License-Identifier: Apache-2.0

/// A worker's claim on a job.
///
/// A job has at most one valid lease. Once a job was taken back, everything done in the name of the old lease is refused.
package struct Lease: Hashable, Sendable {
    /// The job that was claimed.
    package let job: JobID
    /// Who claimed it.
    package let worker: WorkerID
    /// Which of the job's leases this is, from 1.
    package let number: Int

    package init(job: JobID, worker: WorkerID, number: Int) {
        self.job = job
        self.worker = worker
        self.number = number
    }
}

/// Whether what a worker did in the name of its lease counted.
package enum LeaseAnswer: Equatable, Sendable {
    /// It did.
    case held
    /// It changed nothing: the job was cancelled, given up or handed to another worker.
    case lost
}

/// A job as a worker gets it.
package struct ClaimedJob: Equatable, Sendable {
    /// What the worker does everything in the name of.
    package let lease: Lease
    /// What to make.
    package let request: GenerationRequest
    /// When the job was submitted.
    package let submitted: Timestamp
    /// When the job is given up.
    package let deadline: Timestamp
    /// How many tries before this one were lost; a job that ends workers is better run alone.
    package let failures: Int
    /// The caller's place in a distributed trace.
    package let trace: TraceContext?

    package init(
        lease: Lease,
        request: GenerationRequest,
        submitted: Timestamp,
        deadline: Timestamp,
        failures: Int,
        trace: TraceContext? = nil
    ) {
        self.lease = lease
        self.request = request
        self.submitted = submitted
        self.deadline = deadline
        self.failures = failures
        self.trace = trace
    }
}

/// A sign of life of a worker for one job.
package struct Heartbeat: Equatable, Sendable {
    package var lease: Lease
    /// How far the job is, if that is news.
    package var progress: JobProgress?

    package init(lease: Lease, progress: JobProgress? = nil) {
        self.lease = lease
        self.progress = progress
    }
}

/// The size of a picture: jobs are batched with others of the same size.
package struct PictureSize: Hashable, Sendable {
    /// Width in pixels.
    package var width: Int
    /// Height in pixels.
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

extension GenerationRequest {
    /// The size of its pictures.
    package var size: PictureSize { PictureSize(width: width, height: height) }
}

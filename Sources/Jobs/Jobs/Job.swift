// SPDX-License-Identifier: Apache-2.0

package import ImageCodec

/// The record of a job: what everyone but its worker wants to know.
package struct Job: Equatable, Sendable {
    package let id: JobID
    /// Whose job it is.
    package let account: AccountID
    /// What it was submitted to, such as `sd2.1-txt2img`.
    package let endpoint: String
    /// What it costs when it completes.
    package let price: Credits
    /// Where it is.
    package var lifecycle: JobLifecycle
    package let submitted: Timestamp
    /// When a worker first began.
    package var started: Timestamp?
    package var ended: Timestamp?
    /// How many jobs are handed out before this one if no others come, while it waits; 0 for the next one.
    package var queuePosition: Int?
    /// How far its worker is, while one has it.
    package var progress: GenerationProgress?
    /// What it made, once it completed.
    package var result: JobResult?
    /// What the submission carried for whoever answers for the job.
    package let attachment: String
    /// The caller's place in a distributed trace.
    package let trace: TraceContext?

    package init(
        id: JobID,
        account: AccountID,
        endpoint: String,
        price: Credits,
        lifecycle: JobLifecycle,
        submitted: Timestamp,
        started: Timestamp? = nil,
        ended: Timestamp? = nil,
        queuePosition: Int? = nil,
        progress: GenerationProgress? = nil,
        result: JobResult? = nil,
        attachment: String = "",
        trace: TraceContext? = nil
    ) {
        self.id = id
        self.account = account
        self.endpoint = endpoint
        self.price = price
        self.lifecycle = lifecycle
        self.submitted = submitted
        self.started = started
        self.ended = ended
        self.queuePosition = queuePosition
        self.progress = progress
        self.result = result
        self.attachment = attachment
        self.trace = trace
    }
}

/// What a completed job made.
package struct JobResult: Equatable, Codable, Sendable {
    /// The pictures, in the order of their seeds.
    package var images: [Image]
    /// What the worker did otherwise than asked, one sentence each.
    package var warnings: [String]
    /// Where the time went; its wait ends with the start of the try that completed.
    package var timings: GenerationTimings

    /// A picture that is kept under its name.
    package struct Image: Equatable, Codable, Sendable {
        package var id: ImageID
        package var format: ImageFormat
        /// Width in pixels.
        package var width: Int
        /// Height in pixels.
        package var height: Int
        /// The seed that makes this picture alone.
        package var seed: Seed
        /// The size of the file.
        package var byteCount: Int

        package init(id: ImageID, format: ImageFormat, width: Int, height: Int, seed: Seed, byteCount: Int) {
            self.id = id
            self.format = format
            self.width = width
            self.height = height
            self.seed = seed
            self.byteCount = byteCount
        }
    }

    package init(images: [Image], warnings: [String], timings: GenerationTimings) {
        self.images = images
        self.warnings = warnings
        self.timings = timings
    }
}

/// What is known of the job with some id.
package enum JobLookup: Equatable, Sendable {
    case found(Job)
    /// There was one, and its record is gone.
    case expired
    /// There is none, or it is another account's.
    case unknown
}

/// A part of an account's jobs, the newest first.
package struct JobPage: Equatable, Sendable {
    /// Where the next page begins: the text goes through the hands of callers.
    package struct Cursor: Hashable, Sendable, LosslessStringConvertible {
        let sequence: Int64

        init(sequence: Int64) {
            self.sequence = sequence
        }

        package init?(_ description: String) {
            guard let sequence = Int64(description), sequence > 0 else { return nil }
            self.sequence = sequence
        }

        package var description: String { "\(sequence)" }
    }

    package var jobs: [Job]
    /// `nil` on the last page.
    package var next: Cursor?

    package init(jobs: [Job], next: Cursor? = nil) {
        self.jobs = jobs
        self.next = next
    }
}

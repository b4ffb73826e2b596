// SPDX-License-Identifier: Apache-2.0

/// Something that happened to a job.
package struct JobEvent: Equatable, Sendable {
    /// Numbers events in the order they happened; a later event has a larger one.
    package typealias ID = Int64

    /// What happened.
    package enum Kind: Equatable, Sendable {
        /// It waits for a worker: at first, and whenever a worker gave it up.
        case queued
        /// A worker has begun.
        case started
        /// A worker has come further. Only the newest of these are kept, and none once the job is over.
        case progress(JobProgress)
        /// It is over; the last event of every job.
        case ended(JobEnd)
    }

    package let id: ID
    package let kind: Kind
    package let time: Timestamp

    package init(id: ID, kind: Kind, time: Timestamp) {
        self.id = id
        self.kind = kind
        self.time = time
    }
}

/// How far a job is, perhaps with a sketch of what the picture will be.
package struct JobProgress: Equatable, Sendable {
    /// How far it is.
    package var progress: GenerationProgress
    /// A small picture.
    package var preview: StoredImage?

    package init(_ progress: GenerationProgress, preview: StoredImage? = nil) {
        self.progress = progress
        self.preview = preview
    }
}

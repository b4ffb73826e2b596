// SPDX-License-Identifier: Apache-2.0

import Jobs

/// Where a request is, in the words of the API.
enum JobStatus: String, Encodable, CaseIterable {
    case queued = "QUEUED"
    case processing = "PROCESSING"
    case completed = "COMPLETED"
    case failed = "FAILED"
    case cancelled = "CANCELLED"

    init(_ state: JobLifecycle.State) {
        switch state {
        case .queued: self = .queued
        case .leased: self = .processing
        case .ended(.completed): self = .completed
        case .ended(.failed), .ended(.expired): self = .failed
        case .ended(.cancelled): self = .cancelled
        }
    }
}

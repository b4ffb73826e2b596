// SPDX-License-Identifier: Apache-2.0

/// How a job ended.
package enum JobEnd: Equatable, Sendable {
    /// The pictures are there and are paid for.
    case completed
    /// It could not be done.
    case failed(JobFailure)
    /// Its caller no longer wanted it.
    case cancelled
    /// Its deadline passed.
    case expired
}

/// Why a job failed.
package struct JobFailure: Error, Equatable, Codable, Sendable {
    /// The stable words the HTTP API answers with.
    package enum Code: String, CaseIterable, Codable, Sendable {
        /// The worker died, and so did those of every retry.
        case workerFailed = "worker_failed"
        /// The model's output is not a picture.
        case invalidOutput = "invalid_output"
        /// The model cannot do what the request asks for.
        case invalidParameter = "invalid_parameter"
        /// Anything else; its cause is in the worker's log.
        case `internal` = "internal"
    }

    package var code: Code
    /// A sentence for the person who sent the request.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Jobs
import StableDiffusion

/// Why a job's pictures could not be made: what its caller is told, and what only the log is.
package struct TurnFailure: Error, Sendable {
    /// What the caller is told.
    package let told: JobFailure
    /// The engine's own words.
    package let cause: String

    init(_ error: any Error) {
        cause = "\(error)"
        told =
            switch error {
            case PipelineError.invalidOutput(let reason):
                JobFailure(.invalidOutput, "The model did not produce a valid picture: \(reason)")
            case PipelineError.invalidRequest(let field, let reason):
                JobFailure(.invalidParameter, "\(field): \(reason)")
            case let error as SamplerError:
                JobFailure(.invalidParameter, "\(error)")
            default:
                JobFailure(.internal, "The pictures could not be made.")
            }
    }

    /// Whether another try may go better.
    ///
    /// The engine's arithmetic gives the same again; only the unforeseen may not.
    var isRetryable: Bool { told.code == .internal }
}

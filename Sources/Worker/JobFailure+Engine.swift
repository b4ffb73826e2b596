// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion

extension JobFailure {
    /// What the caller is told of an error of the engine.
    init(_ error: any Error) {
        switch error {
        case let failure as JobFailure:
            self = failure
        case PipelineError.invalidOutput(let reason):
            self.init(.invalidOutput, "The model did not produce a valid picture: \(reason)")
        case PipelineError.invalidRequest(let field, let reason):
            self.init(.invalidParameter, "\(field): \(reason)")
        case let error as SamplerError:
            self.init(.invalidParameter, "\(error)")
        default:
            self.init(.internal, "The pictures could not be made.")
        }
    }

    /// Whether another try may go better.
    ///
    /// The engine's arithmetic gives the same again; only the unforeseen may not.
    var isRetryable: Bool { code == .internal }
}

// SPDX-License-Identifier: Apache-2.0

/// Whatever turns requests into pictures: an engine in this process, or workers behind a queue.
package protocol ImageGenerator: Sendable {
    /// Whether requests can be answered now.
    var state: GeneratorState { get }

    /// Makes the pictures of `request`.
    ///
    /// Never blocks the caller's executor. Cancelling the task stops the work within one model evaluation and throws
    /// `CancellationError`.
    ///
    /// - Parameters:
    ///   - request: What to make.
    ///   - progress: Called after each step, from any thread, in order. It must return at once.
    /// - Throws: ``GenerationError`` for the ends that callers are told about, `CancellationError`, or an error of the engine.
    func generate(
        _ request: GenerationRequest,
        progress: @escaping @Sendable (GenerationProgress) -> Void
    ) async throws -> GenerationResult
}

extension ImageGenerator {
    /// Makes the pictures of `request` without watching.
    package func generate(_ request: GenerationRequest) async throws -> GenerationResult {
        try await generate(request) { _ in }
    }
}

/// How far a request has come.
package struct GenerationProgress: Equatable, Codable, Sendable {
    /// The picture being made, from 0.
    package var sample: Int
    /// Steps of this picture that are done.
    package var step: Int
    /// Steps this picture takes in all.
    package var steps: Int

    /// `step` of `steps` done for picture `sample`.
    package init(sample: Int, step: Int, steps: Int) {
        self.sample = sample
        self.step = step
        self.steps = steps
    }
}

/// What an ``ImageGenerator`` is doing, by the words `GET /health` says.
package enum GeneratorState: String, CaseIterable, Sendable {
    /// Loading the model.
    case starting
    /// No model in memory; the next request loads it.
    case cold
    /// Waiting for a request.
    case ready
    /// Making pictures.
    case busy
    /// Finishing what runs and taking no more.
    case draining

    /// Whether a request sent now would be served.
    package var acceptsRequests: Bool {
        switch self {
        case .cold, .ready, .busy: true
        case .starting, .draining: false
        }
    }
}

/// The ends of a request that its caller is told about by name.
package enum GenerationError: Error, Equatable, Sendable {
    /// The model's output is not a picture: NaN, or one colour all over. `reason` says which.
    case invalidOutput(reason: String)
    /// As many requests wait as may; `retryAfter` is when a place should be free.
    case queueFull(retryAfter: Duration)
}

extension GenerationError: CustomStringConvertible {
    /// A sentence for the person who sent the request.
    package var description: String {
        switch self {
        case .invalidOutput(let reason): "The model did not produce a valid picture: \(reason)"
        case .queueFull: "Too many requests are waiting. Try again later."
        }
    }
}

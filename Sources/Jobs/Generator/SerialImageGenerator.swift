// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Runs one request at a time on another generator and lets a bounded number of others wait, first come first served.
///
/// For one engine in this process: two requests at once would each take twice as long and together twice the memory.
/// The line lives in memory only; a durable queue replaces this type, not the routes.
package final class SerialImageGenerator: ImageGenerator {
    private struct State {
        var line: WaitingLine<CheckedContinuation<Void, any Error>>
        /// How long the last request that made its pictures took; a guess before there is one.
        var lastRun = Duration.seconds(1)
    }

    private let base: any ImageGenerator
    private let shared: Mutex<State>
    private let clock = ContinuousClock()

    /// Runs requests on `base`, one at a time, with at most `maxWaiting` waiting.
    package init(_ base: any ImageGenerator, maxWaiting: Int) {
        precondition(maxWaiting >= 0, "a line cannot have a negative length")
        self.base = base
        shared = Mutex(State(line: WaitingLine(capacity: maxWaiting)))
    }

    /// What the other generator does, and `busy` while one of the requests here runs.
    package var state: GeneratorState {
        let state = base.state
        return state == .ready && shared.withLock(\.line.isRunning) ? .busy : state
    }

    /// How many requests wait for their turn.
    var waitingCount: Int { shared.withLock(\.line.count) }

    /// Makes the pictures when it is this request's turn; the wait is added to the result's queue time.
    ///
    /// - Throws: ``GenerationError/queueFull(retryAfter:)`` at once when the line is full, else what the generator throws.
    package func generate(
        _ request: GenerationRequest,
        progress: @escaping @Sendable (GenerationProgress) -> Void
    ) async throws -> GenerationResult {
        let arrived = clock.now
        try await waitForTurn()
        defer { endTurn() }
        let started = clock.now
        // A request that was given up while it was being called has nothing left to do.
        try Task.checkCancellation()
        var result = try await base.generate(request, progress: progress)
        // Requests that failed or were given up say nothing about how long the next one will take.
        shared.withLock { $0.lastRun = clock.now - started }
        result.timings.queue += started - arrived
        return result
    }

    private func waitForTurn() async throws {
        let ticket = shared.withLock { $0.line.makeTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = shared.withLock { state in
                    // Under the lock, so that the cancel handler either comes first and is seen here, or finds the ticket.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    return switch state.line.arrive(continuation, ticket: ticket) {
                    case .run: .success(())
                    case .wait: nil
                    case .refuse: .failure(GenerationError.queueFull(retryAfter: state.lastRun))
                    }
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            shared.withLock { $0.line.withdraw(ticket) }?.resume(throwing: CancellationError())
        }
    }

    private func endTurn() {
        shared.withLock { $0.line.leave() }?.resume()
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How often and how soon something is tried again.
package struct RetryPolicy: Sendable {
    /// Attempts that bring nothing before all is given up.
    var maxAttempts = 5
    /// Each further delay is twice as long.
    var firstDelay: Duration = .seconds(1)
    /// The longest time that a hub may ask to wait.
    var maxRequestedDelay: Duration = .seconds(300)
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    package init() {}

    /// How long to wait after so many failures in a row, or nil if it was one too many.
    ///
    /// Delays vary, so that the files that one failure interrupted do not all come back at the same moment.
    func delay(afterFailures failures: Int, _ failure: TransientFailure) -> Duration? {
        guard failures < maxAttempts else { return nil }
        if let requested = failure.retryAfter {
            return requested <= maxRequestedDelay ? requested : nil
        }
        return firstDelay * Double(1 << (failures - 1)) * Double.random(in: 0.75...1.25)
    }

    /// Does `attempt` until it succeeds or has failed too often.
    ///
    /// - Parameter subject: the file or model, for messages.
    func retrying<Value>(
        _ subject: String,
        onEvent: (PullEvent) -> Void,
        _ attempt: () async throws -> Value
    ) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await attempt()
            } catch let failure as TransientFailure {
                failures = failure.broughtMuch ? 1 : failures + 1
                guard let delay = delay(afterFailures: failures, failure) else {
                    throw HubError.gaveUp(subject: subject, reason: failure.reason)
                }
                onEvent(.waiting(subject: subject, reason: failure.reason, delay: delay))
                try await sleep(delay)
            }
        }
    }
}

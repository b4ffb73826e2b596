// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// The thread that computes: one turn after the other, away from the threads that everything else waits on.
final class EngineThread: Sendable {
    private let queue = DispatchQueue(label: "darkroom.engine", qos: .userInitiated)

    /// Runs `body` there and waits for it without blocking.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}

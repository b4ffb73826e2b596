// SPDX-License-Identifier: Apache-2.0

import Jobs
import Synchronization

/// The store's numbers, for those who ask how the server is.
///
/// Anyone may ask, so that the store is asked one question at a time: who asks meanwhile gets the same answer.
final class SharedStatistics: Sendable {
    private let store: any MaintenanceStore
    private let question = Mutex<Task<QueueStatistics, any Error>?>(nil)

    init(of store: any MaintenanceStore) {
        self.store = store
    }

    /// The numbers of now.
    ///
    /// A store that cannot be reached tries for longer than a probe waits, and that it cannot be reached is the answer.
    ///
    /// - Throws: ``StoreError``, when there is no answer within `patience` too.
    func current(within patience: Duration) async throws -> QueueStatistics {
        let question = ask()
        let (answers, continuation) = AsyncStream.makeStream(of: Result<QueueStatistics, any Error>.self)
        // Neither waits for the other, as children of one task would.
        Task { continuation.yield(await question.result) }
        let timer = Task {
            try await Task.sleep(for: patience)
            continuation.yield(.failure(StoreError.unreachable("there was no answer within \(patience)")))
        }
        defer { timer.cancel() }
        for await answer in answers { return try answer.get() }
        throw CancellationError()
    }

    /// The question that is being answered, or a new one.
    private func ask() -> Task<QueueStatistics, any Error> {
        question.withLock { question in
            if let question { return question }
            let asked = Task {
                defer { self.question.withLock { $0 = nil } }
                return try await store.statistics()
            }
            question = asked
            return asked
        }
    }
}

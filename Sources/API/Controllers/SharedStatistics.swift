// SPDX-License-Identifier: Apache-2.0

import Jobs

extension MaintenanceStore {
    /// The store's numbers, for those who ask how the server is.
    ///
    /// A store that cannot be reached tries for longer than a probe waits, and that it cannot be reached is the answer.
    ///
    /// - Throws: ``StoreError``, when there is no answer within `patience` too.
    func statistics(within patience: Duration) async throws -> QueueStatistics {
        let (answers, continuation) = AsyncStream.makeStream(of: Result<QueueStatistics, any Error>.self)
        // Neither waits for the other, as children of one task would.
        Task {
            do {
                continuation.yield(.success(try await statistics()))
            } catch {
                continuation.yield(.failure(error))
            }
        }
        let timer = Task {
            try await Task.sleep(for: patience)
            continuation.yield(.failure(StoreError.unreachable("there was no answer within \(patience)")))
        }
        defer { timer.cancel() }
        for await answer in answers { return try answer.get() }
        throw CancellationError()
    }
}

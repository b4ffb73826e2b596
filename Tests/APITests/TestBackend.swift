// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import Synchronization

/// A store of its own for one test, with a worker on it: both begin when they are first needed.
final class TestBackend: Sendable {
    private struct Running {
        var store: Task<SQLiteStore, any Error>
        var worker: Task<Void, any Error>
    }

    let worker: TestWorker
    private let policy: StorePolicy
    private let directory: URL
    private let running = Mutex<Running?>(nil)

    init(_ outcome: TestWorker.Outcome, policy: StorePolicy) {
        worker = TestWorker(outcome)
        self.policy = policy
        // In memory where the system has a place for that: a test is no test of the disk.
        let memory = URL(filePath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        directory = (isThere ? memory : FileManager.default.temporaryDirectory)
            .appending(path: "darkroom-api-\(UUID().uuidString)")
    }

    deinit {
        running.withLock { $0?.worker.cancel() }
        try? FileManager.default.removeItem(at: directory)
    }

    /// The store.
    func store() async throws -> SQLiteStore {
        let task = running.withLock { running in
            if let running { return running.store }
            let store = Task { [directory, policy] in
                try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
                return try await SQLiteStore(path: directory.appending(path: "store.db").path, policy: policy)
            }
            let work = Task { [worker] in await worker.run(try await store.value) }
            running = Running(store: store, worker: work)
            return store
        }
        return try await task.value
    }
}

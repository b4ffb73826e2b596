// SPDX-License-Identifier: Apache-2.0

package import Jobs
package import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Keeps as many worker processes as the queue is worth, and does what falls due in the store.
///
/// Workers leave by themselves when they have nothing to do. They end with this process, however that ends: each holds
/// the reading end of a pipe whose writing end is here, and drains when it is closed.
package final class WorkerSupervisor: Service {
    private let store: any MaintenanceStore
    private let command: WorkerCommand
    private let logger: Logger
    private let fleet: Mutex<WorkerFleet>

    /// How often the store's own affairs are seen to, and how deep its queue is looked at.
    private static let maintenanceInterval = Duration.seconds(1)
    /// How often the workers that there are, or that cannot be started yet, are looked at.
    private static let watchInterval = Duration.milliseconds(100)

    package init(store: any MaintenanceStore, fleet: WorkerFleet, command: WorkerCommand, logger: Logger) {
        self.store = store
        self.command = command
        self.logger = logger
        self.fleet = Mutex(fleet)
    }

    /// Supervises until the process shuts down, then waits for the workers to drain.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            var nextMaintenance = ContinuousClock.now
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                var waiting = 0
                if nextMaintenance <= .now {
                    nextMaintenance = .now + Self.maintenanceInterval
                    waiting = await maintain()
                }
                if fleet.withLock(\.isEmpty) { waiting = max(waiting, await waitForWork(until: nextMaintenance)) }
                if let worker = fleet.withLock({ $0.startWorker(waiting: waiting, at: .now) }) {
                    group.addTask { await self.run(worker) }
                }
                // With no workers and no work, the store has been waited for.
                guard waiting > 0 || !fleet.withLock(\.isEmpty) else { continue }
                await Self.pause()
            }
            group.cancelAll()
        }
    }

    /// Does what is due; returns how many jobs wait.
    private func maintain() async -> Int {
        do {
            let report = try await store.maintain()
            if report.requeued + report.failed + report.expired > 0 {
                logger.warning(
                    "Jobs were taken back",
                    metadata: [
                        "requeued": "\(report.requeued)", "failed": "\(report.failed)", "expired": "\(report.expired)",
                    ]
                )
            }
            return try await store.statistics().queued
        } catch {
            logger.error("The store cannot be kept", metadata: ["error": "\(error)"])
            return 0
        }
    }

    /// Waits for a job that waits for a worker; returns 1 if there is one, else 0.
    private func waitForWork(until end: ContinuousClock.Instant) async -> Int {
        do {
            let hasWork = try await cancelWhenGracefulShutdown { [store] in
                try await store.hasWork(waitingUpTo: end - .now)
            }
            return hasWork ? 1 : 0
        } catch {
            // Said by `maintain` within a second.
            await Self.pause()
            return 0
        }
    }

    private static func pause() async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: watchInterval) }
    }

    /// The life of one worker.
    private func run(_ worker: WorkerID) async {
        logger.info("Worker starts", metadata: ["worker": "\(worker)"])
        Counter(label: "darkroom_worker_starts_total").increment()
        let end = await command.run(worker)
        Counter(
            label: "darkroom_worker_ends_total",
            dimensions: [("end", end.isCrash ? "crashed" : "left")]
        ).increment()
        let wait = fleet.withLock { $0.workerEnded(worker, crashed: end.isCrash, at: .now) }
        guard end.isCrash else {
            logger.info("Worker left", metadata: ["worker": "\(worker)"])
            return
        }
        let jobs = try? await store.bury(worker)
        logger.error(
            "Worker crashed",
            metadata: [
                "worker": "\(worker)", "end": "\(end)", "jobs": "\(jobs.map { "\($0)" } ?? "unknown")",
                "restart_after": "\(wait)",
            ]
        )
    }
}

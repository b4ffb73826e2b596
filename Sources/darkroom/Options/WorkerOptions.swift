// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Jobs
import Worker

/// How workers work, whoever starts them.
struct WorkerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long a worker waits for a job before it leaves.", valueName: "seconds"))
    var idleTimeout = Seconds(.seconds(300))

    @Option(
        help: ArgumentHelp(
            "How long jobs that run may go on once the process is told to stop; the rest go back to the queue.",
            valueName: "seconds"
        )
    )
    var drainTimeout = Seconds(.seconds(30))

    @Option(
        help:
            "The most pictures that share an evaluation of the network, twice as many without guidance; fewer where memory is short."
    )
    var maxBatch = 8

    @Option(
        help: ArgumentHelp(
            "Memory for evaluations, in MiB (default: half of what is free when the worker starts).",
            valueName: "mebibytes"
        )
    )
    var maxBatchMemory: Int?

    static let settings = ["idle-timeout", "drain-timeout", "max-batch", "max-batch-memory"].map { Setting(name: $0) }

    func validate() throws {
        guard (1...256).contains(maxBatch) else {
            throw ValidationError("--max-batch must be between 1 and 256. Given: \(maxBatch)")
        }
        guard maxBatchMemory.map({ $0 >= 1 && $0 < 1 << 30 }) ?? true else {
            throw ValidationError("--max-batch-memory must be at least 1. Given: \(maxBatchMemory ?? 0)")
        }
    }

    /// The settings of the worker `id`.
    func settings(id: WorkerID, policy: StorePolicy) -> WorkerSettings {
        let budget = maxBatchMemory.map { $0 << 20 } ?? Memory.availableBytes / 2
        // With guidance a picture takes two rows.
        var settings = WorkerSettings(id: id, rowLimit: RowLimit(most: 2 * maxBatch, budget: budget))
        settings.idleTimeout = idleTimeout.duration
        settings.drainTimeout = drainTimeout.duration
        settings.leaseDuration = policy.leaseDuration
        return settings
    }

    /// The options that make a worker work the same.
    var arguments: [String] {
        [
            "--idle-timeout=\(idleTimeout.argument)", "--drain-timeout=\(drainTimeout.argument)",
            "--max-batch=\(maxBatch)",
        ] + (maxBatchMemory.map { ["--max-batch-memory=\($0)"] } ?? [])
    }
}

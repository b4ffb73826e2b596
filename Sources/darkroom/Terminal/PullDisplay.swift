// SPDX-License-Identifier: Apache-2.0

import Foundation
import ModelHub
import Synchronization

/// Shows on standard error how far the download of a model is.
final class PullDisplay: Sendable {
    private let label: String
    private let bar = Mutex(ProgressBar())

    init(_ name: ModelName) {
        label = "Downloading \(name), MB"
    }

    func show(_ event: PullEvent) {
        bar.withLock { bar in
            switch event {
            case .planned(_, _, let bytes, let kept):
                bar = ProgressBar(doneBefore: kept / 1_000_000)
                bar.update(done: kept / 1_000_000, total: bytes / 1_000_000, label: label)
            case .progress(let done, let total):
                bar.update(done: done / 1_000_000, total: total / 1_000_000, label: label)
            case .waiting(let subject, let reason, let delay):
                bar.clear()
                let seconds = String(format: "%.0f", delay / .seconds(1))
                Terminal.note("note: \(subject): \(reason); trying again in \(seconds) s\n")
            }
        }
    }

    /// Removes what is shown of progress.
    func clear() {
        bar.withLock { $0.clear() }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs
import Synchronization

/// What happened in the measured time.
final class Journal: Sendable {
    private struct State {
        /// The jobs on their way: since when a worker could have them, and whose they are.
        var open: [JobID: (time: ContinuousClock.Instant, isGreedy: Bool)] = [:]
        var completed = 0
        var refused = 0
        var lost = 0
        var errors: [String: Int] = [:]
    }

    let submit = Latencies()
    /// From when both the job and the worker were there.
    let claim = Latencies()
    let complete = Latencies()
    let heartbeat = Latencies()
    let announce = Latencies()
    /// From a job's submission to its worker, by whose it is.
    let greedyWait = Latencies()
    let otherWait = Latencies()
    private let state = Mutex(State())

    /// Jobs on their way.
    var openCount: Int { state.withLock { $0.open.count } }
    var completed: Int { state.withLock { $0.completed } }

    func submitted(_ job: JobID, isGreedy: Bool) {
        let now = ContinuousClock.now
        state.withLock { $0.open[job] = (now, isGreedy) }
    }

    func refused() {
        state.withLock { $0.refused += 1 }
    }

    func claimed(_ job: JobID, by call: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        guard let (time, isGreedy) = state.withLock({ $0.open[job] }) else { return }
        claim.record(now - max(call, time))
        (isGreedy ? greedyWait : otherWait).record(now - time)
    }

    func completed(_ job: JobID, _ answer: LeaseAnswer) {
        state.withLock { state in
            state.open[job] = nil
            if answer == .held { state.completed += 1 } else { state.lost += 1 }
        }
    }

    func failed(_ error: any Error) {
        state.withLock { $0.errors["\(error)", default: 0] += 1 }
    }

    /// Begins to measure.
    func clear() {
        for latencies in [submit, claim, complete, heartbeat, announce, greedyWait, otherWait] { latencies.clear() }
        state.withLock { state in
            (state.completed, state.refused, state.lost) = (0, 0, 0)
            state.errors = [:]
        }
    }

    /// What happened in `seconds`.
    func report(seconds: Double) -> Report {
        state.withLock { state in
            Report(
                seconds: seconds,
                completed: state.completed,
                open: state.open.count,
                refused: state.refused,
                lost: state.lost,
                errors: state.errors,
                milliseconds: [
                    "submit": submit.summary, "claim": claim.summary, "complete": complete.summary,
                    "heartbeat": heartbeat.summary, "announce": announce.summary,
                    "greedy wait": greedyWait.summary, "other wait": otherWait.summary,
                ]
            )
        }
    }

    struct Report: Encodable {
        var seconds: Double
        var completed: Int
        /// At the end: waiting or with a worker.
        var open: Int
        var refused: Int
        var lost: Int
        var errors: [String: Int]
        var milliseconds: [String: Latencies.Summary]
    }
}

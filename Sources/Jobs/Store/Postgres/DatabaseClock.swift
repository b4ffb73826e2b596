// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The database's time, as it was told last and as it has gone on since: the same on machines whose clocks differ.
final class DatabaseClock: Sendable {
    private struct State {
        var time: Timestamp
        var instant: ContinuousClock.Instant
    }

    private let state = Mutex<State?>(nil)

    /// The time now; this machine's before the database was asked.
    var now: Timestamp {
        state.withLock { state in
            guard let state else { return .now }
            return state.time.advanced(by: ContinuousClock.now - state.instant)
        }
    }

    /// Takes note of what the database has just said.
    func set(_ time: Timestamp) {
        state.withLock { $0 = State(time: time, instant: .now) }
    }
}

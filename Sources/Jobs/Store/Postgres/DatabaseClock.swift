// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The database's time, as it was told last and as it has gone on since: the same on machines whose clocks differ.
final class DatabaseClock: Sendable {
    private struct State {
        var time: Timestamp
        var instant: ContinuousClock.Instant
    }

    /// How long the time goes on without being asked for: two clocks do not part by a millisecond meanwhile.
    private static let trust = Duration.seconds(2)
    /// An answer that took longer is too old to go on from.
    ///
    /// A process can be stopped while it waits.
    private static let patience = Duration.milliseconds(250)

    private let state = Mutex<State?>(nil)

    /// The time now; this machine's before the database was asked.
    var now: Timestamp {
        state.withLock(\.self).map { $0.time.advanced(by: .now - $0.instant) } ?? .now
    }

    /// The time now, for which the database is asked if that was long ago: together with what was sent to it before.
    func time(on connection: PostgresConnection) throws -> Timestamp {
        let asked = ContinuousClock.now
        if let state = state.withLock(\.self), asked - state.instant < Self.trust {
            return state.time.advanced(by: asked - state.instant)
        }
        let statement = SQLStatement("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS time")
        guard let time: Timestamp = try connection.rows([statement])[0].first?["time"] else {
            throw StoreError.damaged("the database does not tell the time")
        }
        let told = ContinuousClock.now
        if told - asked < Self.patience { state.withLock { $0 = State(time: time, instant: told) } }
        return time
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Wakes those who wait for something to happen to a job, whichever process on whichever machine makes it happen.
///
/// Each transaction's changes are sent with `NOTIFY` after its commit, apart from it and together with those of others:
/// commits that notify wait for each other in PostgreSQL. A notification that is lost with its sender is made up for by
/// the listener, which has everyone look from time to time.
final class PostgresChangeFeed: Sendable {
    private struct State {
        var listeners: [PostgresChannel: PostgresListener] = [:]
        /// What is still to be sent, and how many of the transactions it is from have made work.
        var unsent: Set<ChangeTopic> = []
        var unsentJobs = 0
        var isSending = false
        /// How many workers waited when that was last counted.
        var idle: (count: Int, counted: ContinuousClock.Instant)?
    }

    /// How long a count of the workers that wait is good enough.
    private static let countLifetime = Duration.seconds(1)

    private let url: String
    private let sender: PostgresSession
    private let waiters = ChangeWaiters()
    private let state = Mutex(State())

    init(url: String) {
        self.url = url
        sender = PostgresSession(url: url)
    }

    /// See ``SQLStore/changes(of:for:isOneOfMany:)``.
    func changes(of topic: ChangeTopic, for patience: Duration, isOneOfMany: Bool) -> AsyncStream<Void> {
        let changes = waiters.changes(of: topic, for: patience, isOneOfMany: isOneOfMany)
        if patience > .zero { listen(on: topic.channel) }
        return changes
    }

    private func listen(on channel: PostgresChannel) {
        state.withLock { state in
            guard state.listeners[channel] == nil else { return }
            state.listeners[channel] = PostgresListener(url: url, channel: channel) { [waiters] news in
                switch news {
                case .changes(let topics, let share): waiters.wake(share, where: topics.contains)
                case .anything(let share): waiters.wake(share) { $0.channel == channel }
                }
            }
        }
    }

    /// Tells everyone of what a transaction has changed.
    func announce(_ changes: Set<ChangeTopic>) {
        guard !changes.isEmpty else { return }
        // Of those who are some of many, the notification finds the same ones here as elsewhere.
        waiters.wake(.none, where: changes.contains)
        let starts = state.withLock { state in
            state.unsent.formUnion(changes)
            if changes.contains(.work) { state.unsentJobs += 1 }
            defer { state.isSending = true }
            return !state.isSending
        }
        if starts { Task { await send() } }
    }

    private func send() async {
        while true {
            let (topics, jobs) = state.withLock { state in
                defer { (state.unsent, state.unsentJobs) = ([], 0) }
                state.isSending = !state.unsent.isEmpty
                return (state.unsent, state.unsentJobs)
            }
            guard !topics.isEmpty else { return }
            let woken = topics.contains(.work) ? await share(of: jobs) : .all
            for (channel, payload) in PostgresChannel.payloads(of: topics, woken) {
                _ = await sender.withConnection { connection in
                    try connection.rows([
                        SQLStatement(
                            // Nobody waits for the disk.
                            "SELECT set_config('synchronous_commit', 'off', true), pg_notify(?, ?)",
                            channel.rawValue,
                            payload
                        )
                    ])
                }
            }
        }
    }
}

extension PostgresChangeFeed {
    /// Which part of the workers that wait is to look when there are so many jobs more.
    private func share(of jobs: Int) async -> WakeUpShare {
        let known = state.withLock { $0.idle }
        if let known, known.counted.duration(to: .now) < Self.countLifetime {
            return WakeUpShare(jobs: jobs, workers: known.count)
        }
        let counted = await sender.withConnection { connection -> Int in
            // Those who are gone without a word are deleted soon.
            let statement = SQLStatement(
                "SELECT COUNT(*) AS count FROM worker WHERE state = ?",
                WorkerState.ready.rawValue
            )
            return try connection.rows([statement])[0].first?["count"] ?? 0
        }
        guard case .committed(let count, _) = counted else { return .all }
        state.withLock { $0.idle = (count, .now) }
        return WakeUpShare(jobs: jobs, workers: count)
    }
}

/// What notifications are sent on: workers do not hear of every job's events.
enum PostgresChannel: String, Sendable {
    case jobs = "darkroom_jobs"
    case work = "darkroom_work"

    /// The notifications that say all of `topics`, and that `share` of those who wait for work are to be woken.
    static func payloads(of topics: Set<ChangeTopic>, _ share: WakeUpShare) -> [(PostgresChannel, String)] {
        let jobs = topics.compactMap { if case .job(let id) = $0 { id.description } else { nil } }
        // A payload has less than 8000 bytes, an id 36.
        let parts = stride(from: 0, to: jobs.count, by: 200).map { start in
            (PostgresChannel.jobs, jobs[start..<min(start + 200, jobs.count)].joined(separator: ","))
        }
        return (topics.contains(.work) ? [(.work, share.description)] : []) + parts
    }

    /// Which part of those who can be passed over the notifications are for.
    func share(of payloads: [String]) -> WakeUpShare {
        self == .work ? payloads.reduce(.none) { $0 + WakeUpShare($1) } : .all
    }

    /// What a notification says.
    func topics(of payload: String) -> Set<ChangeTopic> {
        switch self {
        case .work: [.work]
        case .jobs: Set(payload.split(separator: ",").compactMap { JobID(String($0)).map(ChangeTopic.job) })
        }
    }
}

extension ChangeTopic {
    /// Where it is announced.
    fileprivate var channel: PostgresChannel {
        switch self {
        case .job: .jobs
        case .work: .work
        }
    }
}

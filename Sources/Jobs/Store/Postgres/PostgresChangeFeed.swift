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
        /// What is still to be sent.
        var unsent: Set<ChangeTopic> = []
        var isSending = false
    }

    private let url: String
    private let sender: PostgresSession
    private let waiters = ChangeWaiters()
    private let state = Mutex(State())

    init(url: String) {
        self.url = url
        sender = PostgresSession(url: url)
    }

    /// See ``SQLStore/changes(of:for:)``.
    func changes(of topic: ChangeTopic, for patience: Duration) -> AsyncStream<Void> {
        let changes = waiters.changes(of: topic, for: patience)
        if patience > .zero { listen(on: topic.channel) }
        return changes
    }

    private func listen(on channel: PostgresChannel) {
        state.withLock { state in
            guard state.listeners[channel] == nil else { return }
            state.listeners[channel] = PostgresListener(url: url, channel: channel) { [waiters] news in
                switch news {
                case .changes(let topics): waiters.wake(where: topics.contains)
                case .anything: waiters.wake { $0.channel == channel }
                }
            }
        }
    }

    /// Tells everyone of what a transaction has changed.
    func announce(_ changes: Set<ChangeTopic>) {
        guard !changes.isEmpty else { return }
        waiters.wake(where: changes.contains)
        let starts = state.withLock { state in
            state.unsent.formUnion(changes)
            defer { state.isSending = true }
            return !state.isSending
        }
        if starts { Task { await send() } }
    }

    private func send() async {
        while true {
            let topics = state.withLock { state in
                defer { state.unsent = [] }
                state.isSending = !state.unsent.isEmpty
                return state.unsent
            }
            guard !topics.isEmpty else { return }
            for (channel, payload) in PostgresChannel.payloads(of: topics) {
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

/// What notifications are sent on: workers do not hear of every job's events.
enum PostgresChannel: String, Sendable {
    case jobs = "darkroom_jobs"
    case work = "darkroom_work"

    /// The notifications that say all of `topics`.
    static func payloads(of topics: Set<ChangeTopic>) -> [(PostgresChannel, String)] {
        let jobs = topics.compactMap { if case .job(let id) = $0 { id.description } else { nil } }
        // A payload has less than 8000 bytes, an id 36.
        let parts = stride(from: 0, to: jobs.count, by: 200).map { start in
            (PostgresChannel.jobs, jobs[start..<min(start + 200, jobs.count)].joined(separator: ","))
        }
        return (topics.contains(.work) ? [(.work, "")] : []) + parts
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

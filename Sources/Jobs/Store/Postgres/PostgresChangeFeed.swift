// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Wakes those who wait for something to happen to a job, whichever process on whichever machine makes it happen.
///
/// Each transaction's changes are sent with `NOTIFY` after its commit, apart from it and together with those of others:
/// commits that notify wait for each other in PostgreSQL. A notification that is lost with its sender is made up for by
/// the listener, which has everyone look from time to time.
final class PostgresChangeFeed: Sendable {
    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
        var listeners: [PostgresChannel: PostgresListener] = [:]
        /// What is still to be sent.
        var unsent: Set<ChangeTopic> = []
        var isSending = false
    }

    private struct Waiter {
        var topic: ChangeTopic
        var stream: AsyncStream<Void>.Continuation
    }

    private let url: String
    private let sender: PostgresSession
    private let state = Mutex(State())

    init(url: String) {
        self.url = url
        sender = PostgresSession(url: url)
    }

    /// See ``SQLStore/changes(of:for:)``.
    func changes(of topic: ChangeTopic, for patience: Duration) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        guard patience > .zero else {
            continuation.finish()
            return stream
        }
        let id = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(topic: topic, stream: continuation)
            if state.listeners[topic.channel] == nil {
                state.listeners[topic.channel] = PostgresListener(url: url, channel: topic.channel) {
                    [weak self] news in self?.wake(topic.channel, news)
                }
            }
            return state.nextWaiter
        }
        let timer = Task {
            try await Task.sleep(for: patience)
            continuation.finish()
        }
        continuation.onTermination = { [self] _ in
            timer.cancel()
            state.withLock { $0.waiters[id] = nil }
        }
        return stream
    }

    /// Tells everyone of what a transaction has changed.
    func announce(_ changes: Set<ChangeTopic>) {
        guard !changes.isEmpty else { return }
        wake(changes)
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
                _ = await sender.run(
                    // Nobody waits for the disk.
                    "SELECT set_config('synchronous_commit', 'off', true), pg_notify(?, ?)",
                    [.text(channel.rawValue), .text(payload)]
                )
            }
        }
    }

    /// Wakes those who wait for one of the topics.
    private func wake(_ topics: Set<ChangeTopic>) {
        let woken = state.withLock { state in state.waiters.values.filter { topics.contains($0.topic) } }
        for waiter in woken { waiter.stream.yield() }
    }

    /// Wakes those who wait for what a listener has heard, or everyone it listens for when it may have missed something.
    private func wake(_ channel: PostgresChannel, _ news: PostgresListener.News) {
        switch news {
        case .changes(let topics): wake(topics)
        case .anything:
            let woken = state.withLock { state in state.waiters.values.filter { $0.topic.channel == channel } }
            for waiter in woken { waiter.stream.yield() }
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

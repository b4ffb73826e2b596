// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A connection and a thread that do nothing but listen, for as long as this is kept.
final class PostgresListener: Sendable {
    enum News: Sendable {
        case changes(Set<ChangeTopic>, WakeUpShare)
        /// Something may have happened unheard.
        case anything(WakeUpShare)
    }

    private let ear: PostgresEar

    init(url: String, channel: PostgresChannel, _ report: @escaping @Sendable (News) -> Void) {
        let ear = PostgresEar(url: url, channel: channel, report: report)
        self.ear = ear
        let thread = Thread { ear.listen() }
        thread.name = "darkroom.listener"
        thread.start()
    }

    deinit {
        ear.stop()
    }
}

/// What a listener's thread does.
private final class PostgresEar: Sendable {
    private let url: String
    private let channel: PostgresChannel
    private let report: @Sendable (PostgresListener.News) -> Void
    private let isStopped = Atomic(false)

    /// How long a lost notification stays unnoticed.
    private static let patience = Duration.seconds(3)
    /// How long the thread goes on after the end.
    private static let tick: Int32 = 500

    init(url: String, channel: PostgresChannel, report: @escaping @Sendable (PostgresListener.News) -> Void) {
        self.url = url
        self.channel = channel
        self.report = report
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    /// Listens until it is stopped, on a new connection whenever one is lost.
    func listen() {
        var wait = 0.05
        while !isStopped.load(ordering: .relaxed) {
            do {
                let connection = try PostgresConnection(url)
                try connection.execute("LISTEN \(channel.rawValue)")
                wait = 0.05
                try hear(connection)
            } catch {
                Thread.sleep(forTimeInterval: wait)
                wait = min(wait * 2, 2)
                // Those who wait look for themselves meanwhile, and learn that the server is gone.
                report(.anything(.all))
            }
        }
    }

    private func hear(_ connection: PostgresConnection) throws {
        // What happened before it listened.
        report(.anything(.all))
        var newest = ContinuousClock.now
        while !isStopped.load(ordering: .relaxed) {
            let payloads = try connection.notifications(waitingUpTo: Self.tick)
            let topics = payloads.reduce(into: Set<ChangeTopic>()) { $0.formUnion(channel.topics(of: $1)) }
            if !topics.isEmpty { report(.changes(topics, channel.share(of: payloads))) }
            guard ContinuousClock.now - newest > Self.patience else { continue }
            newest = .now
            // Those who can be passed over look by themselves.
            report(.anything(.none))
        }
    }
}

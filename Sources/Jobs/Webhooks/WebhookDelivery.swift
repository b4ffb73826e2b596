// SPDX-License-Identifier: Apache-2.0

/// The news of a job's end on its way to whoever asked for it.
package struct WebhookDelivery: Equatable, Sendable {
    /// Numbers the deliveries of a store; every attempt is sent under the same one.
    package typealias ID = Int64

    /// Where a delivery is.
    package enum State: Equatable, Sendable {
        /// To be attempted at this time.
        case due(Timestamp)
        /// The receiver has it.
        case delivered
        /// It was given up.
        case abandoned
    }

    package let id: ID
    package let job: JobID
    package let account: AccountID
    /// Where to send it.
    package let url: String
    package let state: State
    /// What was tried so far, the oldest first.
    package let attempts: [Attempt]

    /// One attempt.
    package struct Attempt: Equatable, Codable, Sendable {
        package var time: Timestamp
        /// The receiver's answer, if there was one.
        package var status: Int?
        /// Why there was none, in a few words.
        package var error: String?
        /// Whether the receiver has it.
        package var isDelivered: Bool

        package init(time: Timestamp, status: Int? = nil, error: String? = nil, isDelivered: Bool) {
            self.time = time
            self.status = status
            self.error = error
            self.isDelivered = isDelivered
        }
    }

    package init(id: ID, job: JobID, account: AccountID, url: String, state: State, attempts: [Attempt]) {
        self.id = id
        self.job = job
        self.account = account
        self.url = url
        self.state = state
        self.attempts = attempts
    }
}

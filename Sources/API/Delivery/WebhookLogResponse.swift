// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The JSON answer that says what became of webhooks.
struct WebhookLogResponse: Encodable {
    /// One webhook.
    struct Delivery: Encodable {
        let id: String
        let url: String
        /// `pending`, `delivered` or `abandoned`.
        let state: String
        let nextAttemptAt: String?
        let attempts: [Attempt]

        enum CodingKeys: String, CodingKey {
            case id, url, state, attempts
            case nextAttemptAt = "next_attempt_at"
        }
    }

    /// One attempt to deliver it.
    struct Attempt: Encodable {
        let at: String
        let status: Int?
        let error: String?
    }

    let deliveries: [Delivery]

    init(_ deliveries: [WebhookDelivery]) {
        self.deliveries = deliveries.map { delivery in
            let (state, next): (String, Timestamp?) =
                switch delivery.state {
                case .due(let time): ("pending", time)
                case .delivered: ("delivered", nil)
                case .abandoned: ("abandoned", nil)
                }
            return Delivery(
                id: WebhookMessage.id(of: delivery),
                url: delivery.url,
                state: state,
                nextAttemptAt: next?.iso8601,
                attempts: delivery.attempts.map { Attempt(at: $0.time.iso8601, status: $0.status, error: $0.error) }
            )
        }
    }
}

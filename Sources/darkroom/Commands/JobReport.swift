// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// What `darkroom jobs` says of a job.
struct JobReport: Encodable {
    var id: String
    var account: String
    var endpoint: String
    var state: String
    var price: Double
    var failures: Int
    var submitted: String
    var started: String?
    var ended: String?
    var error: String?
    var images: [String]
    var events: [EventReport]?
    var deliveries: [DeliveryReport]?

    private let priceText: String

    enum CodingKeys: CodingKey {
        case id, account, endpoint, state, price, failures, submitted, started, ended, error, images, events, deliveries
    }

    init(_ job: Job) {
        id = job.id.description
        account = job.account.description
        endpoint = job.endpoint
        price = job.price.value
        priceText = job.price.description
        failures = job.lifecycle.failureCount
        submitted = job.submitted.date.ISO8601Format()
        started = job.started?.date.ISO8601Format()
        ended = job.ended?.date.ISO8601Format()
        images = job.result?.images.map(\.id.description) ?? []
        switch job.lifecycle.state {
        case .queued: state = "queued"
        case .leased: state = "leased"
        case .ended(let end): (state, error) = end.words
        }
    }

    /// A line of `jobs list`.
    var row: [String] {
        [id, account, state, priceText, String(failures), submitted]
    }

    /// What `jobs show` prints.
    var text: String {
        let facts: [(name: String, value: String?)] = [
            ("id", id), ("account", account), ("endpoint", endpoint), ("state", state), ("error", error),
            ("price", priceText), ("failures", String(failures)), ("submitted", submitted), ("started", started),
            ("ended", ended), ("images", images.isEmpty ? nil : images.joined(separator: ", ")),
        ]
        let lines = facts.compactMap { fact in fact.value.map { [fact.name, $0] } }
        return ([TextTable(lines).description] + (events ?? []).map(\.line) + (deliveries ?? []).map(\.line))
            .joined(separator: "\n")
    }
}

/// What `darkroom jobs show` says of an event.
struct EventReport: Encodable {
    var event: String
    var time: String
    var step: Int?
    var steps: Int?

    init(_ event: JobEvent) {
        time = event.time.date.ISO8601Format()
        switch event.kind {
        case .queued: self.event = "queued"
        case .started: self.event = "started"
        case .progress(let progress):
            self.event = "progress"
            step = progress.progress.step
            steps = progress.progress.steps
        case .ended(let end): self.event = end.words.state
        }
    }

    fileprivate var line: String {
        "  \(time)  \(event)" + (step.flatMap { step in steps.map { " \(step)/\($0)" } } ?? "")
    }
}

/// What `darkroom jobs show` says of a webhook.
struct DeliveryReport: Encodable {
    var url: String
    var state: String
    var attempts: [String]

    init(_ delivery: WebhookDelivery) {
        url = delivery.url
        state =
            switch delivery.state {
            case .due(let time): "due \(time.date.ISO8601Format())"
            case .delivered: "delivered"
            case .abandoned: "abandoned"
            }
        attempts = delivery.attempts.map { attempt in
            let answer = attempt.status.map(String.init) ?? attempt.error ?? "no answer"
            return "\(attempt.time.date.ISO8601Format()): \(answer)"
        }
    }

    fileprivate var line: String {
        ([("  webhook \(url): \(state)")] + attempts.map { "    \($0)" }).joined(separator: "\n")
    }
}

extension JobEnd {
    /// The end's name, and what to say of it.
    fileprivate var words: (state: String, error: String?) {
        switch self {
        case .completed: ("completed", nil)
        case .failed(let failure): ("failed", "\(failure.code.rawValue): \(failure.message)")
        case .cancelled: ("cancelled", nil)
        case .expired: ("expired", "timeout: the job's deadline passed")
        }
    }
}

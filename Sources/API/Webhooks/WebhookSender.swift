// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Jobs
package import Logging
import Metrics
import ServiceLifecycle

/// Sends the news of jobs' ends to those who asked for it.
///
/// Deliveries wait in the store, so none is lost with this process; how often and when one is tried again is the store's
/// affair. Several senders on one store share the work.
package struct WebhookSender: Service {
    private let store: any JobStore & AccountStore & WebhookStore
    private let client: OutboundClient
    private let publicBaseURL: PublicBaseURL?
    private let logger: Logger

    /// How many deliveries are made at once.
    private static let places = 16
    /// How many of them are one account's: whose receivers do not answer makes nobody else wait.
    private static let placesOfEachAccount = 4
    /// How long nobody else makes a delivery that was claimed: longer than one takes.
    private static let hold = Duration.seconds(60)
    /// How often deliveries are looked for.
    private static let interval = Duration.seconds(1)
    /// How long a receiver may take.
    private static let timeout = Duration.seconds(15)

    /// A sender of the deliveries in `store`.
    package init(
        store: any JobStore & AccountStore & WebhookStore,
        configuration: APIConfiguration,
        logger: Logger = Logger(label: "darkroom.webhooks")
    ) {
        self.init(
            store: store,
            client: OutboundClient(policy: configuration.outbound),
            publicBaseURL: configuration.publicBaseURL,
            logger: logger
        )
    }

    init(
        store: any JobStore & AccountStore & WebhookStore,
        client: OutboundClient,
        publicBaseURL: PublicBaseURL?,
        logger: Logger
    ) {
        self.store = store
        self.client = client
        self.publicBaseURL = publicBaseURL
        self.logger = logger
    }

    /// Makes deliveries until the process shuts down, and finishes those under way.
    package func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await sendDue()
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
        }
    }

    /// Makes deliveries until none is due and none under way; returns how many those were.
    @discardableResult func sendDue() async -> Int {
        // A task's result is the account it has made a delivery of, or nil for one that only let time pass.
        await withTaskGroup(of: AccountID?.self) { group in
            var underWay: [AccountID: Int] = [:]
            var count = 0
            var isTimed = false
            while true {
                let free = Self.places - underWay.values.reduce(0, +)
                let busy = underWay.filter { $0.value >= Self.placesOfEachAccount }.keys
                for delivery in await claim(upTo: free, except: Set(busy)) {
                    underWay[delivery.account, default: 0] += 1
                    count += 1
                    group.addTask {
                        await send(delivery)
                        return delivery.account
                    }
                }
                guard !underWay.isEmpty else { break }
                // More may be due before any of these has ended.
                if !isTimed {
                    isTimed = true
                    group.addTask {
                        try? await Task.sleep(for: Self.interval)
                        return nil
                    }
                }
                switch await group.next() {
                case .some(.some(let account)):
                    let left = underWay[account, default: 1] - 1
                    underWay[account] = left == 0 ? nil : left
                default:
                    isTimed = false
                }
            }
            group.cancelAll()
            return count
        }
    }

    private func claim(upTo limit: Int, except busy: Set<AccountID>) async -> [WebhookDelivery] {
        guard limit > 0, !Task.isShuttingDownGracefully, !Task.isCancelled else { return [] }
        do {
            return try await store.claimDeliveries(
                upTo: limit,
                ofEachAccount: Self.placesOfEachAccount,
                except: busy,
                hold: Self.hold
            )
        } catch {
            logger.error("Webhooks cannot be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func send(_ delivery: WebhookDelivery) async {
        var attempt = WebhookDelivery.Attempt(time: store.now, isDelivered: false)
        var logger = logger
        logger[metadataKey: "request_id"] = "\(delivery.job)"
        do {
            // Checked when it was accepted, and again under the policy of today.
            let url = try OutboundURL(delivery.url, policy: client.policy)
            let (message, secret) = try await message(for: delivery)
            if let trace = message.trace { logger[metadataKey: "trace_id"] = "\(trace.traceID)" }
            let response = try await client.send(
                OutboundRequest(url: url, body: message.body, headers: message.headers(signedWith: secret)),
                maxBytes: nil,
                timeout: Self.timeout
            )
            attempt.status = response.status
            attempt.isDelivered = (200..<300).contains(response.status)
        } catch let error as OutboundError {
            attempt.error = error.description
        } catch {
            attempt.error = "the server failed to send it"
            logger.error("Webhook not sent", metadata: ["error": "\(error)"])
        }
        let result = attempt.isDelivered ? "delivered" : attempt.status == nil ? "failed" : "refused"
        Counter(label: "darkroom_webhook_attempts_total", dimensions: [("result", result)]).increment()
        do {
            try await store.recordAttempt(attempt, of: delivery.id)
            logger.info(
                "Webhook attempted",
                metadata: [
                    "delivered": "\(attempt.isDelivered)",
                    "http.status": "\(attempt.status.map(String.init) ?? "none")",
                ]
            )
        } catch {
            logger.error("Webhook attempt not recorded", metadata: ["error": "\(error)"])
        }
    }

    private func message(for delivery: WebhookDelivery) async throws -> (WebhookMessage, secret: [UInt8]) {
        guard let (job, request) = try await store.subject(of: delivery), let ended = job.ended,
            let account = try await store.account(delivery.account)
        else { throw StoreError.damaged("a webhook's job is not over") }
        guard let base = publicBaseURL ?? PublicBaseURL(job.details.base) else {
            throw StoreError.damaged("a webhook's job does not say its address")
        }
        let message = WebhookMessage(
            id: WebhookMessage.id(of: delivery),
            timestamp: store.now.milliseconds / 1000,
            body: try JSONEncoder.api.encode(try await body(job, request, ended, base)),
            trace: job.trace
        )
        return (message, account.webhookSecret)
    }

    /// What a job's end is told as: in the words of the API its request was sent in.
    private func body(
        _ job: Job,
        _ request: GenerationRequest?,
        _ ended: Timestamp,
        _ base: PublicBaseURL
    ) async throws -> any Encodable {
        if job.details.surface == .replicate {
            return try ReplicatePrediction(job: job, request: request, base: base).json()
        }
        switch JobStatus(job.lifecycle.state) {
        case .completed:
            let response = try await JobAnswers(store: store).response(
                to: job,
                at: base,
                base64: false,
                metrics: JobMetrics(of: job),
                asksLater: true
            )
            return WebhookBody(type: "request.completed", timestamp: ended.iso8601, data: response)
        case .cancelled:
            let status = JobStatusResponse(job, base: base)
            return WebhookBody(type: "request.cancelled", timestamp: ended.iso8601, data: status)
        case .failed, .queued, .processing:
            let status = JobStatusResponse(job, base: base)
            return WebhookBody(type: "request.failed", timestamp: ended.iso8601, data: status)
        }
    }
}

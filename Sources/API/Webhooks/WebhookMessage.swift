// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Jobs

/// The news of a job's end, signed for its receiver (Standard Webhooks).
struct WebhookMessage {
    /// Names the message: the same for every attempt.
    var id: String
    /// Seconds since 1970 at which it is sent.
    var timestamp: Int64
    /// JSON.
    var body: Data
    /// Where the job's caller is in a distributed trace: the receiver goes on there.
    var trace: TraceContext?

    /// The name of the message that a delivery carries.
    static func id(of delivery: WebhookDelivery) -> String { "msg_\(delivery.id)" }

    /// The headers it is sent with.
    ///
    /// - Parameter secret: What the account and its receivers know.
    func headers(signedWith secret: [UInt8]) -> [(name: String, value: String)] {
        var headers = [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", "\(timestamp)"),
            ("webhook-signature", signature(secret)),
        ]
        if let trace { headers.append(("traceparent", trace.traceparent)) }
        if let state = trace?.state { headers.append(("tracestate", state.text)) }
        return headers
    }

    /// `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, with points between them.
    func signature(_ secret: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret))
        code.update(data: Data("\(id).\(timestamp).".utf8))
        code.update(data: body)
        return "v1,\(Data(code.finalize()).base64EncodedString())"
    }

    /// How a secret is written for those who check signatures.
    static func text(of secret: [UInt8]) -> String {
        "whsec_\(Data(secret).base64EncodedString())"
    }
}

/// What the news says.
struct WebhookBody: Encodable {
    /// `request.completed`, `request.failed` or `request.cancelled`.
    let type: String
    /// When the job ended.
    let timestamp: String
    /// What asking for the result or the status would answer.
    let data: any Encodable & Sendable

    enum CodingKeys: String, CodingKey {
        case type, timestamp, data
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(timestamp, forKey: .timestamp)
        try container.encode(data, forKey: .data)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird

typealias HTTPField = HTTPFields.Element

extension HTTPField.Name {
    /// Where a key is presented.
    static let apiKey = Self(literal: "x-api-key")
    /// Names this request in answers and logs; taken from the caller when it looks sane.
    static let requestID = Self(literal: "x-request-id")
    /// The caller's span in a distributed trace (W3C Trace Context).
    static let traceparent = Self(literal: "traceparent")
    /// What tracing systems keep in the trace.
    static let tracestate = Self(literal: "tracestate")
    /// Seconds from the request to the answer.
    static let generationTime = Self(literal: "x-generation-time")
    /// The seed of the first picture.
    static let seedValue = Self(literal: "x-seed-value")
    /// What this request was charged, in credits.
    static let cost = Self(literal: "x-cost")
    /// What the account has left, in credits.
    static let remainingCredits = Self(literal: "x-remaining-credits")
    /// How many requests a key may send at once.
    static let rateLimit = Self(literal: "ratelimit-limit")
    /// How many more a key may send now.
    static let rateLimitRemaining = Self(literal: "ratelimit-remaining")
    /// Seconds until a key may send one more.
    static let rateLimitReset = Self(literal: "ratelimit-reset")
    /// When a refused request may be sent again, as an ISO 8601 instant.
    static let rateLimitResetTime = Self(literal: "x-rate-limit-reset-at-utc")
    /// Makes a repetition of a request the same request.
    static let idempotencyKey = Self(literal: "idempotency-key")
    /// `true` in the answer to a repetition.
    static let idempotentReplayed = Self(literal: "idempotent-replayed")
    /// How a caller would like to be answered (RFC 7240).
    static let prefer = Self(literal: "prefer")
    /// Which of a caller's wishes was granted.
    static let preferenceApplied = Self(literal: "preference-applied")
    /// `true` for pictures that are made even if the caller goes away.
    static let keepOnDisconnect = Self(literal: "x-keep-on-disconnect")
    /// The last event of a stream that a caller has seen.
    static let lastEventID = Self(literal: "last-event-id")
    /// Keeps proxies from collecting events before they send them on.
    static let accelBuffering = Self(literal: "x-accel-buffering")
    /// What a JSON answer has in `warnings`, for answers that are a picture.
    static let warnings = Self(literal: "x-warnings")
    /// `false` where OpenAI's clients shall not send a request again.
    static let shouldRetry = Self(literal: "x-should-retry")
    /// How a browser relates the page that sends a request to this server.
    static let secFetchSite = Self(literal: "sec-fetch-site")
    /// Keeps browsers from guessing another content type than the one sent.
    static let contentTypeOptions = Self(literal: "x-content-type-options")
    /// Keeps this server's addresses, which include picture names, from other sites.
    static let referrerPolicy = Self(literal: "referrer-policy")

    /// A name written in this file.
    private init(literal: String) {
        guard let name = Self(literal) else { preconditionFailure("\(literal) is no header name") }
        self = name
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird

typealias HTTPField = HTTPFields.Element

extension HTTPField.Name {
    /// Names this request in answers and logs; taken from the caller when it looks sane.
    static let requestID = Self(literal: "x-request-id")
    /// Seconds from the request to the answer.
    static let generationTime = Self(literal: "x-generation-time")
    /// The seed of the first picture.
    static let seedValue = Self(literal: "x-seed-value")
    /// When a refused request may be sent again, as an ISO 8601 instant.
    static let rateLimitReset = Self(literal: "x-rate-limit-reset-at-utc")
    /// What a JSON answer has in `warnings`, for answers that are a picture.
    static let warnings = Self(literal: "x-warnings")
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

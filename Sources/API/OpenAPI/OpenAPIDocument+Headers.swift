// SPDX-License-Identifier: Apache-2.0

/// Headers of answers and of requests.
extension OpenAPIDocument {
    /// Headers of answers.
    var headers: [String: JSONValue] {
        [
            "x-request-id": Self.header("The caller's own, if it sent one; otherwise the request's id."),
            "x-cost": Self.header("What the request costs, in credits; 0 for a repetition.", pattern: Self.amount),
            "x-remaining-credits": Self.header("What the account has left.", pattern: Self.amount),
            "x-generation-time": Self.header("Seconds from the request to the answer.", pattern: Self.amount),
            "x-seed-value": Self.header("The first picture's seed.", pattern: "^[0-9]+$"),
            "x-warnings": Self.header("With a file: the warnings, as a JSON array in ASCII.", isAlwaysSent: false),
            "idempotent-replayed": Self.header("`true` for a repetition.", isAlwaysSent: false),
            "ratelimit-limit": Self.header(
                "Requests that a key with a rate limit may send at once.",
                isAlwaysSent: false
            ),
            "ratelimit-remaining": Self.header("Requests it has left.", isAlwaysSent: false),
            "ratelimit-reset": Self.header("Seconds until it has one more.", isAlwaysSent: false),
        ]
    }

    /// The headers of the answer to a submission.
    static let submissionHeaders = references([
        "x-request-id", "x-cost", "x-remaining-credits", "idempotent-replayed", "ratelimit-limit",
        "ratelimit-remaining", "ratelimit-reset",
    ])

    /// The headers of an answer with pictures.
    static let pictureHeaders = submissionHeaders.merging(
        references(["x-generation-time", "x-seed-value", "x-warnings"])
    ) { $1 }

    private static let amount = #"^-?[0-9]+(\.[0-9]+)?$"#

    private static func header(
        _ description: String,
        pattern: String? = nil,
        isAlwaysSent: Bool = true
    ) -> JSONValue {
        var schema: [String: JSONValue] = ["type": "string"]
        if let pattern { schema["pattern"] = .text(pattern) }
        return [
            "description": .text(description), "required": .boolean(isAlwaysSent), "schema": .object(schema),
        ]
    }

    private static func references(_ names: [String]) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, ["$ref": "#/components/headers/\($0)"]) })
    }

    // MARK: Parameters of requests

    static let idempotencyKey: JSONValue = [
        "name": "Idempotency-Key", "in": "header",
        "description": "The same key with the same fields is the same request: made once, charged once.",
        "schema": [
            "type": "string", "minLength": 1, "maxLength": .integer(IdempotencyKey.maxLength),
            "pattern": "^[\\x21-\\x7E]+$",
        ],
    ]

    static let keepOnDisconnect: JSONValue = [
        "name": "x-keep-on-disconnect", "in": "header",
        "description": "`true` makes the pictures even if the caller goes away, and charges for them.",
        "schema": ["type": "string"],
    ]

    static let prefer: JSONValue = [
        "name": "Prefer", "in": "header",
        "description": "`respond-async` is answered at once, with where to ask for the pictures.",
        "schema": ["type": "string"],
    ]

    static let requestID: JSONValue = [
        "name": "id", "in": "path", "required": true, "description": "A request's id.",
        "schema": ["type": "string", "format": "uuid"],
    ]

    static let cursor: JSONValue = [
        "name": "cursor", "in": "query", "description": "The `next_cursor` of the answer before.",
        "schema": ["type": "integer", "minimum": 1, "maximum": .integer(.max)],
    ]

    static let traceparent: JSONValue = [
        "name": "traceparent", "in": "header",
        "description": "The caller's place in a trace (W3C Trace Context): logged, and sent with the webhook.",
        "schema": ["type": "string"],
    ]

    static let tracestate: JSONValue = [
        "name": "tracestate", "in": "header", "description": "What tracing systems keep in the trace.",
        "schema": ["type": "string"],
    ]

    /// A whole number in the query.
    static func query(_ name: String, _ range: ClosedRange<Int>, _ value: Int, _ description: String) -> JSONValue {
        [
            "name": .text(name), "in": "query", "description": .text(description),
            "schema": [
                "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
                "default": .integer(value),
            ],
        ]
    }
}

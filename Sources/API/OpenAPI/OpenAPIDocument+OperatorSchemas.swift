// SPDX-License-Identifier: Apache-2.0

import Jobs

/// What operators send and are told.
extension OpenAPIDocument {
    var operatorSchemas: [String: JSONValue] {
        [
            "Statistics": Self.statistics, "AdminRequests": Self.adminRequests, "KeyOrder": Self.keyOrder,
            "Key": Self.key, "GrantOrder": Self.grantOrder, "Account": Self.account,
        ]
    }

    static let accountName: JSONValue = ["type": "string", "pattern": #"^[0-9A-Za-z._@-]{1,64}$"#]

    private static let count: JSONValue = ["type": "integer", "minimum": 0]
    private static let time: JSONValue = ["type": "string", "format": "date-time"]
    private static let scopes: JSONValue = [
        "type": "array", "items": ["type": "string", "enum": .texts(Scope.allCases.map(\.rawValue))], "minItems": 1,
    ]
    private static let spendPeriods = SpendLimit.Period.allCases.map(\.rawValue)
    private static let credits = JSONValue.integer(Int(Credits.largestWhole))

    private static let statistics = schema(
        [
            "time": time,
            "status": ["type": "string", "enum": .texts(ServiceState.allCases.map(\.rawValue))],
            "queued": count,
            "oldest_age": ["type": "number", "minimum": 0, "description": "Of the request that waits longest."],
            "running": count,
            "workers": fields(Dictionary(uniqueKeysWithValues: WorkerState.allCases.map { ($0.rawValue, count) })),
            "completed": count, "failed": count, "cancelled": count, "expired": count,
            "throughput": fields([
                "start": time,
                "interval": ["type": "number", "description": "The length of a span in seconds."],
                "completed": ["type": "array", "items": count],
                "failed": ["type": "array", "items": count],
            ]),
        ],
        required: [
            "time", "status", "queued", "running", "workers", "completed", "failed", "cancelled", "expired",
            "throughput",
        ]
    )

    private static let adminRequests = schema(
        [
            "requests": [
                "type": "array",
                "items": schema(
                    [
                        "request_id": ["type": "string", "format": "uuid"],
                        "account": accountName,
                        "status": ["type": "string", "enum": .texts(JobStatus.allCases.map(\.rawValue))],
                        "model": ["type": "string"],
                        "created_at": time, "ended_at": time,
                        "error": ["type": "string"],
                        "code": ["type": "string", "enum": .texts(ErrorCode.allCases.map(\.rawValue))],
                        "metrics": reference("Metrics"),
                    ],
                    required: ["request_id", "account", "status", "model", "created_at", "metrics"]
                ),
            ],
            "next_cursor": ["type": "string", "description": "For the next part; nothing at the end."],
        ],
        required: ["requests"]
    )

    private static let keyOrder = schema(
        [
            "account": accountName,
            "scopes": scopes.merging([
                "type": ["array", "null"],
                "default": .texts(Scope.allCases.filter(KeySettings().scopes.contains).map(\.rawValue)),
            ]),
            "expires_in": limit(KeyOrder.lifetimes, "Seconds until the key stops working; without it never."),
            "requests_per_minute": limit(KeyOrder.rates, "How many requests it may create."),
            "spend_limit": [
                "type": ["number", "null"], "minimum": 0, "maximum": credits,
                "description": "Credits it may spend, with at most six decimals.",
            ],
            "spend_period": [
                "type": ["string", "null"], "enum": .array(spendPeriods.map(JSONValue.text) + [.null]),
                "default": .text(SpendLimit.Period.total.rawValue),
                "description": "When it begins to count anew; only with `spend_limit`.",
            ],
        ],
        required: ["account"]
    ).merging(["additionalProperties": false])

    private static func limit(_ range: ClosedRange<Int>, _ description: String) -> JSONValue {
        [
            "type": ["integer", "null"], "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            "description": .text(description),
        ]
    }

    private static let key = schema(
        [
            "key": ["type": "string", "description": "The key itself, once."],
            "id": ["type": "string", "pattern": "^[0-9a-f]{16}$"],
            "account": accountName,
            "state": ["type": "string", "enum": ["active", "expired", "revoked"]],
            "scopes": scopes,
            "created_at": time, "expires_at": time, "revoked_at": time,
            "rate_limit": fields([
                "requests": ["type": "integer", "minimum": 1],
                "period": ["type": "number", "description": "In seconds."],
            ]),
            "spend_limit": fields([
                "amount": ["type": "number", "minimum": 0],
                "period": ["type": "string", "enum": .texts(spendPeriods)],
            ]),
        ],
        required: ["id", "account", "state", "scopes", "created_at"]
    )

    private static let grantOrder = fields([
        "amount": [
            "type": "number", "minimum": .integer(-Int(Credits.largestWhole)), "maximum": credits, "not": ["const": 0],
            "description": "Credits, with at most six decimals.",
        ]
    ]).merging(["additionalProperties": false])

    private static let account = fields([
        "account": accountName,
        "created_at": time,
        "credits": ["type": "number", "description": "What can be spent."],
        "reserved": [
            "type": "number", "minimum": 0, "description": "What is set aside for requests that are not over.",
        ],
    ])
}

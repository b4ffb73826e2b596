// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// What answers hold.
extension OpenAPIDocument {
    var schemas: [String: JSONValue] {
        var schemas = surfaceSchemas.merging(operatorSchemas) { $1 }
        schemas["Error"] = Self.errorSchema
        schemas["Image"] = Self.image
        schemas["Pictures"] = Self.pictures
        schemas["Metrics"] = Self.metrics
        schemas["Status"] = Self.status
        schemas["History"] = Self.history
        schemas["Webhooks"] = Self.webhooks
        schemas["Health"] = Self.health
        schemas["Config"] = Self.config
        for endpoint in GenerationEndpoint.allCases {
            schemas[endpoint.schemaName] = generationFields.json(endpoint)
            schemas["\(endpoint.schemaName)Form"] = generationFields.form(endpoint)
        }
        return schemas
    }

    var generationFields: GenerationFields { GenerationFields(configuration) }

    private static let seed: JSONValue = ["type": "integer", "minimum": 0, "maximum": .integer(.max)]
    private static let config: JSONValue = [
        "type": "object",
        "required": ["models", "needs_key", "max_body_bytes", "fields"],
        "properties": [
            "models": ["type": "array", "items": ["type": "string"]],
            "needs_key": ["type": "boolean"],
            "max_body_bytes": ["type": "integer", "minimum": 1],
            "fields": [
                "type": "object",
                "description": "A schema for every field, by its name.",
                "additionalProperties": ["type": "object", "required": ["type"]],
            ],
        ],
    ]
    private static let mediaTypes = JSONValue.texts(ImageFormat.allCases.map(\.mediaType))
    private static let model: JSONValue = [
        "type": "string", "enum": .texts(GenerationEndpoint.allCases.map(\.rawValue)),
    ]

    private static let image: JSONValue = [
        "type": "object",
        "required": ["content_type", "width", "height", "seed"],
        "properties": [
            "url": ["type": "string", "description": "Where the file is, unless base64 was asked for."],
            "base64": ["type": "string", "contentEncoding": "base64"],
            "content_type": ["type": "string", "enum": mediaTypes],
            "width": ["type": "integer", "minimum": 1],
            "height": ["type": "integer", "minimum": 1],
            "seed": seed.merging(["description": "Makes this picture again, alone."]),
        ],
    ]

    private static let pictures: JSONValue = [
        "type": "object",
        "required": ["request_id", "status", "model", "seed", "image", "images", "warnings", "metrics"],
        "properties": [
            "request_id": ["type": "string"],
            "status": ["const": .text(JobStatus.completed.rawValue)],
            "model": model,
            "seed": seed.merging(["description": "The first picture's seed."]),
            "image": ["type": "string", "description": "The first picture: its address, or its file as base64 text."],
            "output": ["type": "string", "description": "The first picture's address, when it is asked for later."],
            "images": ["type": "array", "minItems": 1, "items": reference("Image")],
            "warnings": ["type": "array", "items": ["type": "string"]],
            "metrics": reference("Metrics"),
        ],
    ]

    private static let metrics: JSONValue = [
        "type": "object",
        "description": "Seconds and credits, as far as they are known.",
        "properties": [
            "queue_time": ["type": "number", "minimum": 0],
            "inference_time": ["type": "number", "minimum": 0],
            "total_time": ["type": "number", "minimum": 0],
            "cost": ["type": "number", "minimum": 0],
            "remaining_credits": ["type": "number"],
        ],
    ]

    private static let status: JSONValue = [
        "type": "object",
        "required": [
            "request_id", "status", "model", "poll_url", "status_url", "response_url", "events_url", "metrics",
        ],
        "properties": [
            "request_id": ["type": "string", "format": "uuid"],
            "status": ["type": "string", "enum": .texts(JobStatus.allCases.map(\.rawValue))],
            "model": model,
            "poll_url": ["type": "string"],
            "status_url": ["type": "string"],
            "response_url": ["type": "string"],
            "events_url": ["type": "string"],
            "queue_position": ["type": "integer", "minimum": 0, "description": "How many requests come before."],
            "sample": ["type": "integer", "minimum": 1, "description": "The picture being made."],
            "step": ["type": "integer", "minimum": 0],
            "steps": ["type": "integer", "minimum": 1],
            "eta": ["type": "number", "minimum": 0, "description": "Seconds until the pictures should be there."],
            "error": ["type": "string", "description": "Why there are no pictures."],
            "code": ["type": "string", "enum": .texts(ErrorCode.allCases.map(\.rawValue))],
            "metrics": reference("Metrics"),
        ],
    ]

    private static let history: JSONValue = [
        "type": "object",
        "required": ["requests"],
        "properties": [
            "requests": [
                "type": "array",
                "items": [
                    "type": "object",
                    "required": ["request_id", "status", "model", "created_at", "images", "metrics"],
                    "properties": [
                        "request_id": ["type": "string", "format": "uuid"],
                        "status": ["type": "string", "enum": .texts(JobStatus.allCases.map(\.rawValue))],
                        "model": model,
                        "created_at": ["type": "string", "format": "date-time"],
                        "ended_at": ["type": "string", "format": "date-time"],
                        "images": ["type": "array", "items": reference("Image")],
                        "code": ["type": "string", "enum": .texts(ErrorCode.allCases.map(\.rawValue))],
                        "metrics": reference("Metrics"),
                    ],
                ],
            ],
            "next_cursor": ["type": "string", "description": "For the next part; nothing at the end."],
        ],
    ]

    private static let webhooks: JSONValue = [
        "type": "object",
        "required": ["deliveries"],
        "properties": [
            "deliveries": [
                "type": "array",
                "items": [
                    "type": "object",
                    "required": ["id", "url", "state", "attempts"],
                    "properties": [
                        "id": ["type": "string"],
                        "url": ["type": "string"],
                        "state": ["type": "string", "enum": ["pending", "delivered", "abandoned"]],
                        "next_attempt_at": ["type": "string", "format": "date-time"],
                        "attempts": [
                            "type": "array",
                            "items": [
                                "type": "object",
                                "required": ["at"],
                                "properties": [
                                    "at": ["type": "string", "format": "date-time"],
                                    "status": ["type": "integer"],
                                    "error": ["type": "string"],
                                ],
                            ],
                        ],
                    ],
                ],
            ]
        ],
    ]

    private static let health: JSONValue = [
        "type": "object",
        "required": ["status"],
        "properties": [
            "status": ["type": "string", "enum": .texts(ServiceState.allCases.map(\.rawValue))],
            "queued": ["type": "integer", "minimum": 0],
            "running": ["type": "integer", "minimum": 0],
            "workers": ["type": "integer", "minimum": 0],
        ],
    ]
}

extension GenerationEndpoint {
    /// The name of the schema of what it takes.
    var schemaName: String {
        switch self {
        case .textToImage: "TextToImage"
        case .imageToImage: "ImageToImage"
        }
    }
}

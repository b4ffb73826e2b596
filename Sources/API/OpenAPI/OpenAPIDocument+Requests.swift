// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The operations that tell about requests, accounts, pictures and the server.
extension OpenAPIDocument {
    var requestOperations: [OpenAPIOperation] {
        let found: [ErrorCode] = [.invalidParameter, .unknownRequest, .expiredRequest]
        var operations: [OpenAPIOperation] = []
        for version in ["v1", "v2"] {
            operations += [
                OpenAPIOperation(
                    method: .get,
                    path: "/\(version)/requests/{id}",
                    id: "result\(version.uppercased())",
                    tag: .requests,
                    summary: "The pictures, or how far they are.",
                    scope: .read,
                    parameters: [Self.requestID],
                    answers: [
                        200: Self.either("The pictures, or the state before they are there.", ["Pictures", "Status"]),
                        422: Self.answer("The request failed or was cancelled.", "Status"),
                    ],
                    errors: found
                ),
                OpenAPIOperation(
                    method: .delete,
                    path: "/\(version)/requests/{id}",
                    id: "cancel\(version.uppercased())",
                    tag: .requests,
                    summary: "Cancel a request; once it is over, nothing changes.",
                    scope: .generate,
                    parameters: [Self.requestID],
                    answers: [200: Self.answer("The state it has then.", "Status")],
                    errors: found
                ),
            ]
        }
        return operations + [status(found), events(found), webhookLog(found), historyPage]
    }

    private func status(_ errors: [ErrorCode]) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get,
            path: "/v2/requests/{id}/status",
            id: "status",
            tag: .requests,
            summary: "How far the pictures are.",
            scope: .read,
            parameters: [
                Self.requestID,
                Self.query(
                    "wait",
                    0...RequestController.maxWait,
                    0,
                    "Seconds to wait for the end of the request before answering."
                ),
            ],
            answers: [
                200: Self.answer("The state.", "Status"),
                422: Self.answer("The request failed.", "Status"),
            ],
            errors: errors + [.tooManyWaits]
        )
    }

    private func events(_ errors: [ErrorCode]) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get,
            path: "/v2/requests/{id}/events",
            id: "events",
            tag: .requests,
            summary: "What happens to a request, as Server-Sent Events.",
            description: """
                `queued`, `started`, `progress`, and at the end `completed` with the pictures, `failed` or `cancelled`.
                """,
            scope: .read,
            parameters: [
                Self.requestID,
                [
                    "name": "Last-Event-ID", "in": "header",
                    "description": "The last event that was seen: the stream goes on after it.",
                    "schema": ["type": "integer", "minimum": 0, "maximum": .integer(.max)],
                ],
            ],
            answers: [
                200: [
                    "description": "Events until the request is over.",
                    "content": ["text/event-stream": ["schema": ["type": "string"]]],
                ],
                204: ["description": "There are no more events."],
            ],
            errors: errors + [.tooManyWaits]
        )
    }

    private func webhookLog(_ errors: [ErrorCode]) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get,
            path: "/v2/requests/{id}/webhooks",
            id: "webhooks",
            tag: .requests,
            summary: "What became of the news of a request's end.",
            scope: .read,
            parameters: [Self.requestID],
            answers: [200: Self.answer("The attempts to deliver it.", "Webhooks")],
            errors: errors
        )
    }

    private var historyPage: OpenAPIOperation {
        OpenAPIOperation(
            method: .get,
            path: "/v1/requests",
            id: "history",
            tag: .requests,
            summary: "The account's requests, the newest first.",
            scope: .read,
            parameters: [
                Self.query(
                    "limit",
                    1...RequestController.maxPage,
                    RequestController.defaultPage,
                    "How many at most."
                ),
                Self.cursor,
            ],
            answers: [200: Self.answer("Requests.", "History")],
            errors: [.invalidParameter]
        )
    }

    var accountOperations: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .get,
                path: "/v1/get-user-credits",
                id: "credits",
                tag: .account,
                summary: "What the account has to spend.",
                scope: .read,
                answers: [
                    200: Self.object(
                        "Credits.",
                        ["credits": ["type": "number"], "free-credits": ["type": "number"]]
                    )
                ]
            ),
            OpenAPIOperation(
                method: .get,
                path: "/v1/webhooks/secret",
                id: "webhookSecret",
                tag: .account,
                summary: "The secret that webhooks are signed with.",
                scope: .read,
                answers: [
                    200: Self.object("The secret.", ["secret": ["type": "string", "pattern": "^whsec_"]])
                ]
            ),
        ]
    }

    var serverOperations: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .get,
                path: "/v1/images/{file}",
                id: "image",
                tag: .pictures,
                summary: "The file of a picture.",
                description: "Whoever knows its name may fetch it.",
                parameters: [
                    [
                        "name": "file", "in": "path", "required": true,
                        "schema": ["type": "string", "pattern": #"^[0-9a-f]{32}\.(jpeg|jpg|png|webp)$"#],
                    ]
                ],
                answers: [
                    200: Self.files("The file."),
                    206: Self.files("The part of the file that `Range` names."),
                    304: ["description": "`If-None-Match` names the file."],
                ],
                errors: [.unknownRequest, .rangeNotSatisfiable]
            ),
            OpenAPIOperation(
                method: .get,
                path: "/v1/config",
                id: "config",
                tag: .server,
                summary: "What requests for pictures may ask for.",
                answers: [200: Self.answer("The models, and every field.", "Config")]
            ),
            OpenAPIOperation(
                method: .get,
                path: "/health",
                id: "health",
                tag: .server,
                summary: "What the server does; always 200.",
                answers: [200: Self.answer("The state.", "Health")]
            ),
            OpenAPIOperation(
                method: .get,
                path: "/ready",
                id: "ready",
                tag: .server,
                summary: "Whether a request sent now would be taken.",
                answers: [
                    200: Self.answer("It would.", "Health"),
                    503: Self.answer("It would not.", "Health"),
                ]
            ),
        ]
    }

    private static func either(_ description: String, _ schemas: [String]) -> JSONValue {
        [
            "description": .text(description),
            "content": ["application/json": ["schema": ["anyOf": .array(schemas.map(reference))]]],
        ]
    }

    /// An answer with an object of which all fields are always there.
    static func object(_ description: String, _ properties: [String: JSONValue]) -> JSONValue {
        [
            "description": .text(description),
            "content": [
                "application/json": [
                    "schema": [
                        "type": "object", "required": .texts(properties.keys.sorted()),
                        "properties": .object(properties),
                    ]
                ]
            ],
        ]
    }

    private static func files(_ description: String) -> JSONValue {
        ["description": .text(description), "content": ["image/jpeg": [:], "image/png": [:], "image/webp": [:]]]
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Errors, from the table of their codes.
extension OpenAPIDocument {
    /// Every error answer of this server's own API, by its status, for readers who look for a code.
    var errorResponses: [String: JSONValue] {
        let codes = Dictionary(grouping: ErrorCode.allCases) { $0.status.code }
        return Dictionary(
            uniqueKeysWithValues: codes.map { ("Error\($0.key)", Self.errorResponse($0.value)) }
        )
    }

    /// The answer with one of these codes, which have one status.
    ///
    /// - Parameter schema: The schema of its JSON; `nil` for this server's own.
    static func errorResponse(_ codes: [ErrorCode], schema: JSONValue? = nil) -> JSONValue {
        let names = Set(codes).map(\.rawValue).sorted()
        let own: JSONValue = [
            "allOf": [
                reference("Error"),
                ["properties": ["code": ["enum": .texts(names)]]],
            ]
        ]
        var response: [String: JSONValue] = [
            "description": .text(names.map { "`\($0)`" }.joined(separator: ", ")),
            "content": ["application/json": ["schema": schema ?? own]],
        ]
        if codes.contains(where: { $0.status == .tooManyRequests }) {
            response["headers"] = ["Retry-After": ["schema": ["type": "integer", "minimum": 1]]]
        }
        return .object(response)
    }

    /// The body of an error answer.
    static let errorSchema: JSONValue = [
        "type": "object",
        "required": ["error", "code", "request_id"],
        "properties": [
            "error": ["type": "string", "description": "A sentence for a person."],
            "code": [
                "type": "string", "description": "A stable word.", "enum": .texts(ErrorCode.allCases.map(\.rawValue)),
            ],
            "request_id": ["type": "string"],
            "field": ["type": "string", "description": "The field that is wrong."],
            "limit": ["type": "string", "description": "What the field must be."],
            "given": ["type": "string", "description": "What the field was."],
            "required": ["type": "number", "description": "What the request costs, in credits."],
            "balance": ["type": "number", "description": "What the account has, in credits."],
            "retry_after": ["type": "integer", "minimum": 1, "description": "When to try again, in seconds."],
        ],
    ]

    /// A reference to a schema of the document.
    static func reference(_ schema: String) -> JSONValue { ["$ref": .text("#/components/schemas/\(schema)")] }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The operations that need a key with the scope `admin`.
extension OpenAPIDocument {
    var operatorOperations: [OpenAPIOperation] { watchOperations + keyOperations + adminAccountOperations }

    private var watchOperations: [OpenAPIOperation] {
        let limit = Self.query(
            "limit",
            1...AdminStatisticsController.maxPage,
            AdminStatisticsController.defaultPage,
            "How many at most."
        )
        return [
            operation(
                .get,
                "statistics",
                id: "adminStatistics",
                "The queue, the workers, and what was done in the last hour.",
                answers: [200: Self.answer("The numbers.", "Statistics")]
            ),
            operation(
                .get,
                "requests",
                id: "adminRequests",
                "The requests of all accounts, the newest first.",
                parameters: [limit, Self.cursor],
                answers: [200: Self.answer("Requests.", "AdminRequests")],
                errors: [.invalidParameter]
            ),
            operation(
                .get,
                "failures",
                id: "adminFailures",
                "The requests of all accounts that failed, the newest first.",
                parameters: [limit],
                answers: [200: Self.answer("Requests.", "AdminRequests")],
                errors: [.invalidParameter]
            ),
        ]
    }

    private var keyOperations: [OpenAPIOperation] {
        [
            operation(
                .get,
                "keys",
                id: "keys",
                "What is known of keys, but not the keys themselves.",
                parameters: [Self.accountQuery("account", "Whose keys; without it everyone's.")],
                answers: [200: Self.object("Keys.", ["keys": ["type": "array", "items": Self.reference("Key")]])],
                errors: [.invalidParameter]
            ),
            operation(
                .post,
                "keys",
                id: "createKey",
                "Make a key, and the account if it is not there.",
                body: Self.body("KeyOrder"),
                answers: [201: Self.answer("The key, which is shown this once.", "Key")],
                errors: Self.orderErrors
            ),
            operation(
                .delete,
                "keys/{id}",
                id: "revokeKey",
                "End a key for good; once it has, nothing changes.",
                parameters: [
                    [
                        "name": "id", "in": "path", "required": true,
                        "schema": ["type": "string", "pattern": "^[0-9a-f]{16}$"],
                    ]
                ],
                answers: [200: Self.answer("The key's state then.", "Key")],
                errors: [.unknownKey]
            ),
        ]
    }

    private var adminAccountOperations: [OpenAPIOperation] {
        [
            operation(
                .get,
                "accounts",
                id: "accounts",
                "The accounts, by name.",
                parameters: [
                    Self.query(
                        "limit",
                        1...AdminAccountController.maxPage,
                        AdminAccountController.maxPage,
                        "How many at most."
                    ),
                    Self.accountQuery("after", "The last account of the answer before."),
                ],
                answers: [
                    200: Self.object("Accounts.", ["accounts": ["type": "array", "items": Self.reference("Account")]])
                ],
                errors: [.invalidParameter]
            ),
            operation(
                .post,
                "accounts/{account}/credits",
                id: "grant",
                "Give an account credits; a negative amount takes as many as it has at most.",
                parameters: [["name": "account", "in": "path", "required": true, "schema": Self.accountName]],
                body: Self.body("GrantOrder"),
                answers: [200: Self.answer("The account's state then.", "Account")],
                errors: Self.orderErrors + [.unknownAccount]
            ),
        ]
    }

    private static let orderErrors: [ErrorCode] = [.invalidJSON, .invalidParameter, .bodyTooLarge]

    private func operation(
        _ method: HTTPRequest.Method,
        _ path: String,
        id: String,
        _ summary: String,
        parameters: [JSONValue] = [],
        body: JSONValue? = nil,
        answers: [Int: JSONValue],
        errors: [ErrorCode] = []
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: method,
            path: "/v1/admin/\(path)",
            id: id,
            tag: .operators,
            summary: summary,
            scope: .admin,
            parameters: parameters,
            body: body,
            answers: answers,
            errors: errors
        )
    }

    private static func body(_ schema: String) -> JSONValue {
        ["required": true, "content": ["application/json": ["schema": reference(schema)]]]
    }

    private static func accountQuery(_ name: String, _ description: String) -> JSONValue {
        ["name": .text(name), "in": "query", "description": .text(description), "schema": accountName]
    }
}

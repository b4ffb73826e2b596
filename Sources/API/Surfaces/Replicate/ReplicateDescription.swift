// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The operations of Replicate's API, as far as they are this server's to define.
extension OpenAPIDocument {
    var replicateOperations: [OpenAPIOperation] {
        let input = ReplicateInput.schema(.textToImage, generationFields)
        let shared: [String: JSONValue] = [
            "input": input, "webhook": field(.webhook),
            "webhook_events_filter": ["type": "array", "items": ["const": "completed"], "minItems": 1, "maxItems": 1],
        ]
        let versioned = shared.merging([
            "version": ["type": "string", "enum": .texts(GenerationEndpoint.allCases.map(\.replicateVersion))]
        ]) { $1 }
        func operation(
            _ method: HTTPRequest.Method,
            _ path: String,
            _ summary: String,
            parameters: [JSONValue] = [],
            body: JSONValue? = nil,
            errors: [ErrorCode]
        ) -> OpenAPIOperation {
            OpenAPIOperation(
                method: method,
                path: path,
                id: "replicate-\(method.rawValue.lowercased())-\(path.dropFirst(4))",
                tag: .replicate,
                summary: summary,
                scope: method == .get ? .read : .generate,
                parameters: parameters,
                body: body,
                answers: [body == nil ? 200 : 201: Self.answer("The prediction.", "Prediction")],
                errors: errors,
                shape: ReplicateErrors()
            )
        }
        let creation = Self.submissionErrors + [.unknownModel, .tooManyWaits]
        let found: [ErrorCode] = [.invalidParameter, .unknownRequest, .expiredRequest]
        return [
            operation(
                .post,
                "/v1/predictions",
                "Make pictures; with `Prefer: wait`, wait for them.",
                parameters: [Self.idempotencyKey],
                body: Self.json(versioned, required: ["version", "input"]),
                errors: creation
            ),
            operation(
                .post,
                "/v1/models/{owner}/{name}/predictions",
                "The same, of a model by its name.",
                parameters: [Self.path("owner"), Self.path("name"), Self.idempotencyKey],
                body: Self.json(shared, required: ["input"]),
                errors: creation
            ),
            operation(.get, "/v1/predictions/{id}", "A prediction.", parameters: [Self.requestID], errors: found),
            operation(
                .post,
                "/v1/predictions/{id}/cancel",
                "Cancel a prediction; once it is over, nothing changes.",
                parameters: [Self.requestID],
                errors: found
            ),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The operations of other services' APIs, as far as they are this server's to define.
extension OpenAPIDocument {
    var surfaceOperations: [OpenAPIOperation] {
        openAIOperations + automatic1111Operations + huggingFaceOperations + replicateOperations
    }

    var surfaceSchemas: [String: JSONValue] {
        [
            "OpenAIError": Self.fields([
                "error": Self.fields([
                    "message": ["type": "string"], "type": ["type": "string"], "code": ["type": "string"],
                ])
            ]),
            "Automatic1111Error": Self.fields([
                "error": ["type": "string"], "detail": ["type": "string"], "body": ["type": "string"],
                "errors": ["type": "string"],
            ]),
            "HuggingFaceError": Self.fields(["error": ["type": "string"], "code": ["type": "string"]]),
            "ReplicateError": Self.fields([
                "title": ["type": "string"], "detail": ["type": "string"], "status": ["type": "integer"],
                "code": ["type": "string"],
            ]),
            "Prediction": Self.fields([
                "id": ["type": "string", "format": "uuid"],
                "model": ["type": "string"],
                "version": ["type": "string"],
                "status": ["type": "string", "enum": ["starting", "processing", "succeeded", "failed", "canceled"]],
                "input": ["type": "object"],
                "output": ["type": ["array", "null"], "items": ["type": "string"]],
                "logs": ["type": "string"],
                "error": ["type": ["string", "null"]],
                "metrics": ["type": "object"],
                "urls": ["type": "object"],
            ]),
        ]
    }

    /// A field of this server's own API, for one of another that means the same.
    func field(_ name: ParameterName) -> JSONValue { generationFields[name].map(JSONValue.object) ?? [:] }

    /// An object of which all fields are always there.
    static func fields(_ properties: [String: JSONValue]) -> JSONValue {
        schema(properties, required: properties.keys.sorted())
    }

    /// An object.
    static func schema(_ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
        ["type": "object", "required": .texts(required), "properties": .object(properties)]
    }

    /// A body of JSON.
    static func json(_ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
        ["required": true, "content": ["application/json": ["schema": schema(properties, required: required)]]]
    }

    /// A part of a path.
    static func path(_ name: String) -> JSONValue {
        ["name": .text(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
    }
}

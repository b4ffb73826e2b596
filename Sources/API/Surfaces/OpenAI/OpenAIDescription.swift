// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The operations of OpenAI's Images API, as far as they are this server's to define.
extension OpenAPIDocument {
    var openAIOperations: [OpenAPIOperation] {
        let shared: [String: JSONValue] = [
            "model": ["type": "string", "enum": .texts(OpenAIModel.names)],
            "n": field(.samples),
            "size": [
                "type": "string", "description": "`auto`, or a width and a height such as 512x512.",
                "pattern": "^(auto|[0-9]+x[0-9]+)$",
            ],
            "response_format": ["type": "string", "enum": ["b64_json", "url"], "default": "b64_json"],
            "output_format": field(.outputFormat).merging(["default": "png"]),
            "output_compression": field(.quality),
            "quality": ["type": "string", "enum": ["auto", "standard"]],
            "background": ["type": "string", "enum": ["auto", "opaque"]],
            "moderation": ["type": "string", "enum": ["auto", "low"]],
            "stream": ["type": "boolean", "default": false],
            "partial_images": ["type": "integer", "minimum": 0, "maximum": 3, "default": 0],
            "user": ["type": "string"],
            "prompt": field(.prompt), "negative_prompt": field(.negativePrompt), "seed": field(.seed),
            "steps": field(.steps), "guidance_scale": field(.guidanceScale), "scheduler": field(.scheduler),
        ]
        let edit = shared.merging([
            "image": field(.image), "strength": field(.strength).merging(["default": .number(0.75)]),
        ]) { $1 }
        let answers: [Int: JSONValue] = [
            200: [
                "description": "The pictures, or events with them.",
                "content": [
                    "application/json": [
                        "schema": Self.fields([
                            "created": ["type": "integer"],
                            "data": ["type": "array", "items": Self.fields(["seed": field(.seed)])],
                            "size": ["type": "string"],
                            "output_format": ["type": "string"],
                        ])
                    ],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ]
        ]
        return [
            OpenAPIOperation(
                method: .post,
                path: "/v1/images/generations",
                id: "openAIGenerate",
                tag: .openAI,
                summary: "Make pictures of a prompt.",
                scope: .generate,
                parameters: [Self.idempotencyKey],
                body: Self.json(shared, required: ["prompt"]),
                answers: answers,
                errors: Self.submissionErrors + Self.waitErrors + [.unknownModel, .stopping],
                shape: OpenAIErrors()
            ),
            OpenAPIOperation(
                method: .post,
                path: "/v1/images/edits",
                id: "openAIEdit",
                tag: .openAI,
                summary: "Make pictures of a prompt and a picture.",
                scope: .generate,
                parameters: [Self.idempotencyKey],
                body: [
                    "required": true,
                    "content": ["multipart/form-data": ["schema": Self.schema(edit, required: ["image", "prompt"])]],
                ],
                answers: answers,
                errors: Self.submissionErrors + Self.waitErrors + [.unknownModel, .stopping],
                shape: OpenAIErrors()
            ),
            OpenAPIOperation(
                method: .get,
                path: "/v1/models",
                id: "openAIModels",
                tag: .openAI,
                summary: "The models of this server.",
                scope: .read,
                answers: [200: Self.object("Models.", ["object": ["const": "list"], "data": ["type": "array"]])],
                shape: OpenAIErrors()
            ),
            OpenAPIOperation(
                method: .get,
                path: "/v1/models/{model}",
                id: "openAIModel",
                tag: .openAI,
                summary: "A model.",
                scope: .read,
                parameters: [Self.path("model")],
                answers: [200: Self.object("The model.", ["id": ["type": "string"], "object": ["const": "model"]])],
                errors: [.unknownModel],
                shape: OpenAIErrors()
            ),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The operations of AUTOMATIC1111's web UI, as far as they are this server's to define.
extension OpenAPIDocument {
    var automatic1111Operations: [OpenAPIOperation] {
        let shared: [String: JSONValue] = [
            "prompt": field(.prompt), "negative_prompt": field(.negativePrompt), "seed": field(.seed),
            "steps": field(.steps), "cfg_scale": field(.guidanceScale), "width": field(.width),
            "height": field(.height),
            "sampler_name": ["type": "string", "enum": .texts(Automatic1111Sampler.all.map(\.name))],
            "batch_size": field(.samples),
        ]
        let reference = shared.merging([
            "init_images": ["type": "array", "minItems": 1, "maxItems": 1, "items": field(.image)],
            "denoising_strength": field(.strength).merging(["default": .number(0.75)]),
        ]) { $1 }
        let pictures = Self.object(
            "The pictures as base64 text, and JSON as text about them.",
            [
                "images": ["type": "array", "items": ["type": "string"]], "parameters": ["type": "object"],
                "info": ["type": "string"],
            ]
        )
        func operation(
            _ method: HTTPRequest.Method,
            _ name: String,
            _ summary: String,
            body: JSONValue? = nil,
            answer: JSONValue = ["description": "Done.", "content": ["application/json": [:]]],
            errors: [ErrorCode] = []
        ) -> OpenAPIOperation {
            OpenAPIOperation(
                method: method,
                path: "/sdapi/v1/\(name)",
                id: "automatic1111-\(method.rawValue.lowercased())-\(name)",
                tag: .automatic1111,
                summary: summary,
                scope: method == .get ? .read : .generate,
                schemes: ["key", "basic", "bearer"],
                body: body,
                answers: [200: answer],
                errors: errors,
                shape: Automatic1111Errors()
            )
        }
        let errors = Self.submissionErrors + Self.waitErrors + [.stopping]
        return [
            operation(
                .post,
                "txt2img",
                "Make pictures of a prompt.",
                body: Self.json(shared),
                answer: pictures,
                errors: errors
            ),
            operation(
                .post,
                "img2img",
                "Make pictures of a prompt and a picture.",
                body: Self.json(reference, required: ["init_images"]),
                answer: pictures,
                errors: errors
            ),
            operation(.get, "progress", "How far the account's current request is.", errors: [.invalidParameter]),
            operation(.post, "interrupt", "Cancel the account's current request."),
            operation(.post, "skip", "The same."),
            operation(.get, "options", "The settings."),
            operation(.get, "samplers", "The samplers."),
            operation(.get, "schedulers", "The spacings of steps."),
            operation(.get, "sd-models", "The models."),
            operation(.get, "cmd-flags", "Nothing."),
            operation(.get, "scripts", "No scripts."),
        ]
    }
}

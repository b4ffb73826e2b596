// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The operations of Hugging Face's inference API, as far as they are this server's to define.
extension OpenAPIDocument {
    var huggingFaceOperations: [OpenAPIOperation] {
        let parameters: [String: JSONValue] = [
            "negative_prompt": field(.negativePrompt), "width": field(.width), "height": field(.height),
            "num_inference_steps": field(.steps), "guidance_scale": field(.guidanceScale),
            "scheduler": field(.scheduler), "seed": field(.seed),
        ]
        let reference = parameters.merging([
            "prompt": field(.prompt), "strength": field(.strength).merging(["default": .number(0.8)]),
        ]) { $1 }
        return [
            ("sd2.1", GenerationEndpoint.textToImage, "Make a picture of a prompt.", field(.prompt), parameters),
            ("sd2.1-img2img", .imageToImage, "Make a picture of a prompt and a picture.", field(.image), reference),
        ].map { name, endpoint, summary, inputs, parameters in
            OpenAPIOperation(
                method: .post,
                path: "/hf/\(name)",
                id: "huggingFace-\(name)",
                tag: .huggingFace,
                summary: summary,
                scope: .generate,
                body: Self.json(
                    ["inputs": inputs, "parameters": ["type": "object", "properties": .object(parameters)]],
                    required: ["inputs"]
                ),
                answers: [
                    200: [
                        "description": "The file, in the format that `Accept` names.",
                        "headers": .object(Self.pictureHeaders),
                        "content": ["image/jpeg": [:], "image/png": [:], "image/webp": [:]],
                    ]
                ],
                errors: Self.submissionErrors + Self.waitErrors + [.stopping],
                shape: HuggingFaceErrors(endpoint: endpoint)
            )
        }
    }
}

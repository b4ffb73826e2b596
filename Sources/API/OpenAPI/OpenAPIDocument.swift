// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The description of the HTTP interface for programs (OpenAPI 3.1), as this server is configured.
///
/// Fields, limits, error codes and their statuses are those the code uses.
struct OpenAPIDocument {
    let configuration: APIConfiguration

    /// The whole document.
    var json: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Darkroom",
                "summary": "Stable Diffusion 2.1 over HTTP",
                "version": "1",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": .text(configuration.publicBaseURL?.description ?? "/")]],
            "tags": .array(Tag.allCases.map(\.json)),
            "paths": .object(paths),
            "components": [
                "securitySchemes": .object(securitySchemes),
                "schemas": .object(schemas),
                "headers": .object(headers),
                "responses": .object(errorResponses),
            ],
        ]
    }

    private var paths: [String: JSONValue] {
        var paths: [String: JSONValue] = [:]
        for operation in generationOperations + requestOperations + accountOperations + serverOperations
            + operatorOperations + surfaceOperations
        {
            let path = (paths[operation.path] ?? [:]).merging([
                operation.method.rawValue.lowercased(): operation.json(configuration)
            ])
            paths[operation.path] = path
        }
        return paths
    }

    private var securitySchemes: [String: JSONValue] {
        guard configuration.auth == .keys else { return [:] }
        return [
            "key": ["type": "apiKey", "in": "header", "name": "x-api-key"],
            "bearer": ["type": "http", "scheme": "bearer"],
            "basic": ["type": "http", "scheme": "basic", "description": "Any user; the password is the key."],
        ]
    }

    /// What operations are about.
    enum Tag: String, CaseIterable {
        case pictures = "Pictures"
        case requests = "Requests"
        case account = "Account"
        case server = "Server"
        case operators = "Operators"
        case openAI = "OpenAI Images"
        case automatic1111 = "AUTOMATIC1111"
        case huggingFace = "Hugging Face"
        case replicate = "Replicate"

        fileprivate var json: JSONValue { ["name": .text(rawValue), "description": .text(description)] }

        private var description: String {
            switch self {
            case .pictures: "Pictures from prompts and other pictures."
            case .requests: "What became of requests."
            case .account: "Credits, and how webhooks are signed."
            case .server: "How the server is."
            case .operators: "Watching the service, keys and accounts."
            case .openAI: "For clients of OpenAI's Images API."
            case .automatic1111: "For clients of AUTOMATIC1111's web UI."
            case .huggingFace: "For clients of Hugging Face's inference API."
            case .replicate: "For clients of Replicate's API."
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The models of this server by the names Replicate's API gives models: an owner, a name, and versions.
extension GenerationEndpoint {
    static let replicateOwner = "darkroom"

    var replicateName: String { "\(Self.replicateOwner)/\(rawValue)" }

    /// The one version of the model.
    var replicateVersion: String { rawValue }

    /// The model that a version's id stands for, alone or behind the model's name.
    init(replicateVersion text: String) throws(APIError) {
        let endpoint = Self.allCases.first { endpoint in
            let (name, version) = (endpoint.replicateName, endpoint.replicateVersion)
            return [version, name, "\(name):\(version)"].contains(text)
        }
        guard let endpoint else { throw .unknownReplicateModel }
        self = endpoint
    }

    /// The model of an owner and a name.
    init(owner: String?, name: String?) throws(APIError) {
        guard owner == Self.replicateOwner, let endpoint = Self.allCases.first(where: { $0.rawValue == name }) else {
            throw .unknownReplicateModel
        }
        self = endpoint
    }

    /// The model as it is listed.
    func replicateModel(_ document: OpenAPIDocument, at base: PublicBaseURL) -> JSONValue {
        [
            "url": .text("\(base)/v1/models/\(replicateName)"),
            "owner": .text(Self.replicateOwner),
            "name": .text(rawValue),
            "description": "Stable Diffusion 2.1",
            "visibility": "public",
            "github_url": .null, "paper_url": .null, "license_url": .null, "cover_image_url": .null,
            "run_count": 0,
            "default_example": .null,
            "latest_version": replicateVersion(document),
        ]
    }

    /// The model's version as it is listed, with the schema of its input.
    func replicateVersion(_ document: OpenAPIDocument) -> JSONValue {
        [
            "id": .text(replicateVersion),
            // No model of this server has a date.
            "created_at": "1970-01-01T00:00:00Z",
            "cog_version": "0.9.0",
            "openapi_schema": [
                "openapi": "3.1.0",
                "components": [
                    "schemas": [
                        "Input": ReplicateInput.schema(self, document.generationFields),
                        "Output": ["type": "array", "items": ["type": "string", "format": "uri"]],
                    ]
                ],
            ],
        ]
    }
}

extension APIError {
    fileprivate static let unknownReplicateModel = APIError(
        .unknownModel,
        "There is no such model. Models of this server: "
            + GenerationEndpoint.allCases.map(\.replicateName).joined(separator: ", ") + "."
    )
}

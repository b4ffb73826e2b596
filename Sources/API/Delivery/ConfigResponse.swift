// SPDX-License-Identifier: Apache-2.0

/// The JSON answer that says what requests for pictures may ask for.
struct ConfigResponse: Encodable {
    /// What requests are sent to, under /v1 and /v2.
    let models = GenerationEndpoint.allCases.map(\.rawValue)
    /// Whether callers need a key.
    let needsKey: Bool
    /// The longest request body, in bytes.
    let maxBodyBytes: Int
    /// Every field, by its name, in the words of JSON Schema: as the OpenAPI document describes it.
    let fields: JSONValue

    init(_ configuration: APIConfiguration) {
        needsKey = configuration.auth == .keys
        maxBodyBytes = configuration.maxBodyBytes
        fields = GenerationFields(configuration).all
    }

    enum CodingKeys: String, CodingKey {
        case models, fields
        case needsKey = "needs_key"
        case maxBodyBytes = "max_body_bytes"
    }
}

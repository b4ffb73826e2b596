// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// A model as OpenAI's API lists it.
struct OpenAIModel: Encodable {
    let id: String
    let object = "model"
    /// No model of this server has a date.
    let created = 0
    let ownedBy = "darkroom"

    /// What `model` may say: the address decides what is done with a request.
    static let names = GenerationEndpoint.allCases.map(\.rawValue) + ["sd2.1"]

    static let all = GenerationEndpoint.allCases.map { OpenAIModel(id: $0.rawValue) }

    enum CodingKeys: String, CodingKey {
        case id, object, created
        case ownedBy = "owned_by"
    }

    struct List: Encodable {
        let object = "list"
        let data = OpenAIModel.all
    }
}

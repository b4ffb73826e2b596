// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// What a method does at a path.
struct OpenAPIOperation {
    var method: HTTPRequest.Method
    var path: String
    var id: String
    var tag: OpenAPIDocument.Tag
    var summary: String
    var description: String?
    /// What a key must allow; `nil` where no key is needed.
    var scope: Scope?
    /// How keys may be presented, by the names of their schemes.
    var schemes = ["key", "bearer"]
    var parameters: [JSONValue] = []
    var body: JSONValue?
    /// Answers that are no errors, by their status.
    var answers: [Int: JSONValue]
    /// The errors of this operation beside those that come with its scope.
    var errors: [ErrorCode] = []
    /// In whose words errors are told; `nil` for this server's own.
    var shape: (any ErrorShape)?

    /// The operation as the document has it.
    func json(_ configuration: APIConfiguration) -> JSONValue {
        var fields: [String: JSONValue] = [
            "operationId": .text(id),
            "tags": [.text(tag.rawValue)],
            "summary": .text(summary),
            "responses": .object(responses(configuration)),
        ]
        if let description { fields["description"] = .text(description) }
        if !parameters.isEmpty { fields["parameters"] = .array(parameters) }
        if let body { fields["requestBody"] = body }
        if scope != nil, configuration.auth == .keys {
            fields["security"] = .array(schemes.map { .object([$0: []]) })
        }
        return .object(fields)
    }

    private func responses(_ configuration: APIConfiguration) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for (status, answer) in answers { responses["\(status)"] = answer }
        let shape = shape ?? OwnErrorShape()
        let codes = Dictionary(grouping: errors + commonErrors(configuration)) { shape.status(of: $0).code }
        for (status, codes) in codes {
            let response = OpenAPIDocument.errorResponse(codes, schema: self.shape.map { type(of: $0).schema })
            responses["\(status)"] = responses["\(status)"].map { Self.merged($0, response) } ?? response
        }
        return responses
    }

    /// What any such operation may be answered with.
    private func commonErrors(_ configuration: APIConfiguration) -> [ErrorCode] {
        let access: [ErrorCode] =
            switch configuration.auth {
            case .keys: scope == nil ? [] : [.missingAPIKey, .invalidAPIKey, .keyDisabled, .insufficientScope]
            case .none: [.crossSiteRequest]
            }
        return access + [.internal]
    }

    /// One answer for a status with two meanings.
    private static func merged(_ answer: JSONValue, _ error: JSONValue) -> JSONValue {
        guard case .object(let left) = answer, case .object(let right) = error,
            let ours = left.schema, let theirs = right.schema, let description = left["description"]
        else { return answer }
        return [
            "description": description,
            "content": ["application/json": ["schema": ["anyOf": [ours, theirs]]]],
        ]
    }
}

extension [String: JSONValue] {
    /// The schema of the JSON of an answer.
    fileprivate var schema: JSONValue? {
        guard case .object(let content) = self["content"], case .object(let json) = content["application/json"]
        else { return nil }
        return json["schema"]
    }
}

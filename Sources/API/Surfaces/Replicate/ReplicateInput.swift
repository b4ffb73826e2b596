// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// The `input` of a prediction: this server's fields under the names that Replicate's models of Stable Diffusion have for them.
enum ReplicateInput {
    /// How much of a picture is changed, unless a request says: what Replicate's models do.
    private static let strength = 0.8

    /// The name of a field; `nil` for one that predictions do not have.
    private static func name(of field: ParameterName) -> String? {
        switch field {
        case .samples: "num_outputs"
        case .width: "width"
        case .height: "height"
        case .strength: "prompt_strength"
        case .quality: "output_quality"
        case .base64, .mask, .webhook: nil
        case .prompt, .negativePrompt, .scheduler, .steps, .guidanceScale, .seed, .image, .outputFormat: field.rawValue
        }
    }

    /// Reads the fields, all of which must be known.
    static func read(_ fields: inout SurfaceFields, _ endpoint: GenerationEndpoint) throws -> GenerationBody {
        var body = GenerationBody()
        body.parameters.prompt = try fields.text("prompt")
        body.parameters.negativePrompt = try fields.text("negative_prompt")
        body.parameters.samples = try fields.integer("num_outputs")
        body.parameters.scheduler = try fields.text("scheduler")
        body.parameters.steps = try fields.integer("num_inference_steps")
        body.parameters.guidanceScale = try fields.number("guidance_scale")
        body.parameters.seed = try fields.integer("seed").map { Int64($0) }
        body.parameters.width = try fields.integer("width")
        body.parameters.height = try fields.integer("height")
        body.parameters.outputFormat = try fields.text("output_format")
        body.parameters.quality = try fields.integer("output_quality")
        body.parameters.strength = try fields.number("prompt_strength")
        body.image = fields.value("image")
        if body.image != nil, body.parameters.strength == nil { body.parameters.strength = strength }
        guard body.image != nil || endpoint != .imageToImage else {
            throw APIError(wrong: "input.image", "is required by \(endpoint.replicateName)")
        }
        try fields.refuse("mask", "is not supported: the whole picture is changed")
        // Nothing is checked either way.
        _ = try fields.boolean("disable_safety_checker")
        guard let name = fields.untaken.first else { return body }
        throw APIError(wrong: name, "is not a field of this model")
    }

    /// The input of a job, without its reference picture.
    static func json(_ request: GenerationRequest) -> JSONValue {
        var fields: [String: JSONValue] = [
            "prompt": .text(request.prompt),
            "negative_prompt": .text(request.negativePrompt),
            "num_outputs": .integer(request.samples),
            "scheduler": .text(request.scheduler.rawValue),
            "num_inference_steps": .integer(request.steps),
            "guidance_scale": .number(request.guidanceScale),
            "seed": .integer(Int(request.seed.value)),
            "width": .integer(request.width),
            "height": .integer(request.height),
            "output_format": .text(request.outputFormat.rawValue),
            "output_quality": .integer(request.quality),
        ]
        if case .image(_, let strength) = request.start { fields["prompt_strength"] = .number(strength) }
        return .object(fields)
    }

    /// The schema of the input.
    static func schema(_ endpoint: GenerationEndpoint, _ fields: GenerationFields) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for field in ParameterName.allCases {
            guard let name = name(of: field), let schema = fields[field] else { continue }
            properties[name] = .object(schema)
        }
        properties["prompt_strength"] = properties["prompt_strength"]?.merging(["default": .number(strength)])
        return [
            "type": "object", "title": "Input", "properties": .object(properties),
            "required": endpoint == .imageToImage ? ["image"] : [],
            "additionalProperties": false,
        ]
    }
}

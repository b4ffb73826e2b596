// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// The documented fields of a request for pictures, with the limits and defaults of this server.
struct GenerationFields {
    private let limits: GenerationLimits
    private let defaults: GenerationDefaults
    /// The longest reference picture, in bytes.
    private let maxPictureBytes: Int

    /// The format of a picture in text, and of an address that may be called: what the words of JSON Schema cannot say.
    static let pictureFormat = "picture"
    static let webhookFormat = "https-url"

    init(_ configuration: APIConfiguration) {
        limits = configuration.limits
        defaults = configuration.defaults
        maxPictureBytes = configuration.referenceLimits.maxBytes
    }

    /// The schema of each field that is not refused, by its name.
    var all: JSONValue { properties { _, field in .object(field) } }

    /// A JSON body, in which null is the same as nothing.
    func json(_ endpoint: GenerationEndpoint) -> JSONValue {
        schema(endpoint) { field in
            var field = field
            if let type = field["type"] { field["type"] = [type, "null"] }
            if case .array(let words)? = field["enum"] { field["enum"] = .array(words + [.null]) }
            return .object(field)
        }
    }

    /// A form, in which nothing is null.
    func form(_ endpoint: GenerationEndpoint) -> JSONValue {
        schema(endpoint) { .object($0) }
    }

    private func schema(
        _ endpoint: GenerationEndpoint,
        _ field: ([String: JSONValue]) -> JSONValue
    ) -> JSONValue {
        [
            "type": "object",
            "description": """
            Numbers and booleans may also be text. Fields that are not known are named in `warnings`.
            """,
            "required": endpoint == .imageToImage ? ["image"] : [],
            "properties": properties { name, schema in
                // A required picture cannot be null.
                name == .image && endpoint == .imageToImage ? .object(schema) : field(schema)
            },
        ]
    }

    private func properties(_ field: (ParameterName, [String: JSONValue]) -> JSONValue) -> JSONValue {
        let properties = ParameterName.allCases.compactMap { name in
            self[name].map { (name.rawValue, field(name, $0)) }
        }
        return .object(Dictionary(uniqueKeysWithValues: properties))
    }

    /// One field; `nil` for one that is refused.
    subscript(_ name: ParameterName) -> [String: JSONValue]? {
        switch name {
        case .prompt: text("What the picture shows; what exceeds 75 tokens is cut, and `warnings` say what.")
        case .negativePrompt: text("What the picture must not show; \"None\" means nothing.")
        case .samples: whole(limits.samples, defaults.samples, "Pictures to make; picture k uses seed + k.")
        case .scheduler:
            [
                "type": "string", "enum": .texts(Scheduler.allCases.map(\.rawValue)),
                "default": .text(defaults.scheduler.rawValue),
                "description": "The sampler; in any case, or by the names that diffusers and other tools have for it.",
            ]
        case .steps: whole(limits.steps, defaults.steps, "The sampler's steps.")
        case .guidanceScale:
            decimal(limits.guidanceScale, defaults.guidanceScale, "How strongly the prompt is followed.")
        case .strength:
            decimal(limits.strength, defaults.strength, "How much of `image` is changed; at least one step's worth.")
        case .seed:
            [
                "type": "integer", "minimum": .integer(Int(Seed.random)), "maximum": .integer(.max),
                "default": .integer(Int(Seed.random)), "description": "Of the first picture; -1 for a random one.",
            ]
        case .width: side(defaults.width, "Width in pixels.")
        case .height: side(defaults.height, "Height in pixels.")
        case .base64:
            ["type": "boolean", "default": false, "description": "Whether answers hold the files as base64 text."]
        case .image:
            [
                "type": "string", "format": .text(Self.pictureFormat), "maxBytes": .integer(maxPictureBytes),
                "description": "A picture to start from: PNG, JPEG or WebP as base64, data: URL or https URL.",
            ]
        case .mask: nil
        case .outputFormat:
            [
                "type": "string", "enum": .texts(ImageFormat.allCases.map(\.rawValue)),
                "default": .text(defaults.outputFormat.rawValue),
                "description": "The format of the files; `jpg` is `jpeg`.",
            ]
        case .quality: whole(limits.quality, defaults.quality, "The fidelity of JPEG and WebP files.")
        case .webhook:
            [
                "type": "string", "format": .text(Self.webhookFormat), "pattern": "^https://",
                "description": "Who is told of the end: an https address on the public internet.",
            ]
        }
    }

    private func text(_ description: String) -> [String: JSONValue] {
        [
            "type": "string", "default": "", "maxLength": .integer(limits.promptLength),
            "pattern": #"^[^\u0000]*$"#, "description": .text(description),
        ]
    }

    private func whole(_ range: ClosedRange<Int>, _ value: Int, _ description: String) -> [String: JSONValue] {
        [
            "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            "default": .integer(value), "description": .text(description),
        ]
    }

    private func decimal(
        _ range: ClosedRange<Double>,
        _ value: Double,
        _ description: String
    ) -> [String: JSONValue] {
        [
            "type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
            "default": .number(value), "description": .text(description),
        ]
    }

    private func side(_ value: Int, _ description: String) -> [String: JSONValue] {
        whole(limits.side, value, description).merging(["multipleOf": .integer(limits.sideMultiple)]) { $1 }
    }
}

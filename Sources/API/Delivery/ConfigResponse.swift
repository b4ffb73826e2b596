// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// The JSON answer that says what requests for pictures may ask for.
struct ConfigResponse: Encodable {
    /// What requests are sent to, under /v1 and /v2.
    let models = GenerationEndpoint.allCases.map(\.rawValue)
    /// Whether callers need a key.
    let needsKey: Bool
    /// The longest request body, in bytes.
    let maxBodyBytes: Int
    /// Every field, by its name.
    let fields: [String: Field]

    /// One field, in the words of JSON Schema.
    struct Field: Encodable {
        let type: FieldType
        var `default`: Value?
        var minimum: Value?
        var maximum: Value?
        var multipleOf: Int?
        var maxLength: Int?
        /// The values it may have.
        var `enum`: [String]?
        /// The longest picture file, in bytes.
        var maxBytes: Int?
    }

    /// What kind of JSON value a field takes.
    enum FieldType: String, Encodable {
        case string, integer, number, boolean
    }

    /// A value of a field.
    enum Value: Encodable {
        case text(String)
        case integer(Int)
        case number(Double)
        case boolean(Bool)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .boolean(let value): try container.encode(value)
            }
        }
    }

    init(_ configuration: APIConfiguration) {
        needsKey = configuration.auth == .keys
        maxBodyBytes = configuration.maxBodyBytes
        let fields = ParameterName.allCases.compactMap { name in
            Field(name, configuration).map { (name.rawValue, $0) }
        }
        self.fields = Dictionary(uniqueKeysWithValues: fields)
    }

    enum CodingKeys: String, CodingKey {
        case models, fields
        case needsKey = "needs_key"
        case maxBodyBytes = "max_body_bytes"
    }
}

extension ConfigResponse.Field {
    /// What a field takes; `nil` for one that is refused.
    fileprivate init?(_ name: ParameterName, _ configuration: APIConfiguration) {
        let (limits, defaults) = (configuration.limits, configuration.defaults)
        switch name {
        case .prompt, .negativePrompt:
            self.init(type: .string, default: .text(""), maxLength: limits.promptLength)
        case .samples: self.init(limits.samples, default: defaults.samples)
        case .scheduler:
            self.init(
                type: .string,
                default: .text(defaults.scheduler.rawValue),
                enum: Scheduler.allCases.map(\.rawValue)
            )
        case .steps: self.init(limits.steps, default: defaults.steps)
        case .guidanceScale: self.init(limits.guidanceScale, default: defaults.guidanceScale)
        case .strength: self.init(limits.strength, default: defaults.strength)
        case .seed:
            let random = ConfigResponse.Value.integer(Int(Seed.random))
            self.init(type: .integer, default: random, minimum: random, maximum: .integer(.max))
        case .width: self.init(limits.side, default: defaults.width, multipleOf: limits.sideMultiple)
        case .height: self.init(limits.side, default: defaults.height, multipleOf: limits.sideMultiple)
        case .base64: self.init(type: .boolean, default: .boolean(false))
        case .image: self.init(type: .string, maxBytes: configuration.referenceLimits.maxBytes)
        case .mask: return nil
        case .outputFormat:
            self.init(
                type: .string,
                default: .text(defaults.outputFormat.rawValue),
                enum: ImageFormat.allCases.map(\.rawValue)
            )
        case .quality: self.init(limits.quality, default: defaults.quality)
        case .webhook: self.init(type: .string)
        }
    }

    private init(_ range: ClosedRange<Int>, default: Int, multipleOf: Int? = nil) {
        self.init(
            type: .integer,
            default: .integer(`default`),
            minimum: .integer(range.lowerBound),
            maximum: .integer(range.upperBound),
            multipleOf: multipleOf
        )
    }

    private init(_ range: ClosedRange<Double>, default: Double) {
        self.init(
            type: .number,
            default: .number(`default`),
            minimum: .number(range.lowerBound),
            maximum: .number(range.upperBound)
        )
    }
}

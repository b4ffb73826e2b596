// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// What a body of OpenAI's Images API says.
struct OpenAIImageRequest {
    /// What to make.
    private(set) var body = GenerationBody()
    /// Whether pictures are wanted by their addresses, not as base64 text.
    private(set) var wantsAddresses = false
    /// Whether the answer is a stream of events.
    private(set) var streams = false
    /// How many sketches a stream shows of each picture before it is there.
    private(set) var partialImages = 0

    private static let partialImageLimits = 0...3
    /// How much of a picture is changed, unless a request says: 1, the default elsewhere, would leave nothing of it.
    private static let strength = 0.75

    /// Reads the fields, all of which must be known.
    ///
    /// - Parameter kind: Whether a reference picture is needed.
    init(_ fields: inout SurfaceFields, _ kind: OpenAIController.Kind) throws {
        try Self.check(model: fields.text("model"))
        body.parameters.prompt = try fields.text("prompt")
        guard body.parameters.prompt != nil else { throw APIError(wrong: "prompt", "is required") }
        body.parameters.negativePrompt = try fields.text("negative_prompt")
        body.parameters.samples = try fields.integer("n")
        body.parameters.scheduler = try fields.text("scheduler")
        body.parameters.steps = try fields.integer("steps")
        body.parameters.guidanceScale = try fields.number("guidance_scale")
        body.parameters.seed = try fields.integer("seed").map { Int64($0) }
        try readFormat(&fields)
        try readSize(&fields)
        if kind == .edit { try readReference(&fields) }
        wantsAddresses = try fields.choice("response_format", ["b64_json", "url"]) == "url"
        streams = try fields.boolean("stream") ?? false
        partialImages = try fields.integer("partial_images") ?? 0
        guard Self.partialImageLimits.contains(partialImages) else {
            throw APIError(wrong: "partial_images", "must be between 0 and 3", given: "\(partialImages)")
        }
        guard streams || partialImages == 0 else { throw APIError(wrong: "partial_images", "needs stream: true") }
        guard !streams || !wantsAddresses else {
            throw APIError(wrong: "response_format", "must be b64_json in a stream", given: "url")
        }
        try Self.refuseWhatIsNotThere(&fields)
    }

    /// Pictures are PNG files unless something else is asked for, as OpenAI's are.
    private mutating func readFormat(_ fields: inout SurfaceFields) throws {
        let format = try fields.text("output_format") ?? ImageFormat.png.rawValue
        let compression = try fields.integer("output_compression")
        // PNG has one fidelity; clients send 100, the default, with it.
        guard ImageFormat(pathExtension: format) != .png || compression ?? 100 == 100 else {
            throw APIError(wrong: "output_compression", "is for jpeg and webp only", given: compression.map { "\($0)" })
        }
        body.parameters.outputFormat = format
        body.parameters.quality = compression
    }

    private mutating func readSize(_ fields: inout SurfaceFields) throws {
        guard let size = try fields.text("size"), size != "auto" else { return }
        let sides = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1] else {
            throw APIError(wrong: "size", "must be auto or a width and a height such as 512x512", given: size)
        }
        body.parameters.width = width
        body.parameters.height = height
    }

    private mutating func readReference(_ fields: inout SurfaceFields) throws {
        let image = fields.value("image")
        let first = fields.value("image[]")
        guard image == nil || first == nil else { throw APIError(wrong: "image", "must be one picture") }
        body.image = image ?? first
        if case .array(let images) = body.image {
            guard images.count == 1 else { throw APIError(wrong: "image", "must be one picture") }
            body.image = images[0]
        }
        guard body.image != nil else { throw APIError(wrong: "image", "is required") }
        body.parameters.strength = try fields.number("strength") ?? Self.strength
        try fields.refuse("mask", "is not supported: the whole picture is changed")
        try fields.refuse("input_fidelity", "is not supported: use strength")
    }

    private static func check(model: String?) throws(APIError) {
        guard let model, !OpenAIModel.names.contains(model) else { return }
        let names = OpenAIModel.names.joined(separator: ", ")
        var error = APIError(
            .unknownModel,
            "There is no model \"\(model.prefix(64))\". Models of this server: \(names)."
        )
        error.field = "model"
        throw error
    }

    /// Fields for what other models can do may only ask for what this one does.
    private static func refuseWhatIsNotThere(_ fields: inout SurfaceFields) throws(APIError) {
        _ = try fields.choice("quality", ["auto", "standard"], "steps decide about the quality")
        _ = try fields.choice("background", ["auto", "opaque"], "pictures have no transparency")
        _ = try fields.choice("moderation", ["auto", "low"], "nothing is moderated")
        try fields.refuse("style", "is not supported: say it in the prompt")
        // They name a person to their sender's provider, and change no picture.
        _ = try fields.text("user")
        _ = try fields.text("safety_identifier")
        guard let name = fields.untaken.first else { return }
        throw APIError(wrong: name, "is not a field of this API")
    }
}

extension SurfaceFields {
    /// One of these words; `reason` says why there are no others.
    mutating func choice(
        _ name: String,
        _ words: [String],
        _ reason: String? = nil
    ) throws(APIError) -> String? {
        guard let word = try text(name) else { return nil }
        guard words.contains(word) else {
            let limit = "must be \(words.joined(separator: " or "))" + (reason.map { ": \($0)" } ?? "")
            throw APIError(wrong: name, limit, given: "\(word.prefix(100))")
        }
        return word
    }
}

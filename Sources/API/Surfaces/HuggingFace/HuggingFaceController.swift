// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ImageCodec
import Jobs

/// Hugging Face's inference API: an object of `inputs` and `parameters`, answered with the picture itself.
struct HuggingFaceController {
    let service: GenerationService
    let answers: JobAnswers

    /// What is left of a reference picture unless a request says: what diffusers does.
    private static let strength = 0.8

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        for (path, endpoint) in [
            ("/hf/sd2.1", .textToImage), ("/hf/sd2.1-img2img", .imageToImage),
        ] as [(RouterPath, GenerationEndpoint)] {
            router.endpoint(
                path,
                errors: HuggingFaceErrors(endpoint: endpoint),
                [
                    .post: gate(.generate) { request, context, caller in
                        try await image(endpoint, request, context, caller)
                    }
                ]
            )
        }
    }

    private func image(
        _ endpoint: GenerationEndpoint,
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let clock = ContinuousClock()
        let arrived = clock.now
        var order = try await order(endpoint, request)
        let receipt = try await service.pictures(&order, for: caller, context)
        return try await answers.pictures(receipt, order, totalTime: clock.now - arrived)
    }

    /// From a body to what it orders.
    private func order(_ endpoint: GenerationEndpoint, _ request: Request) async throws -> GenerationOrder {
        var request = request
        let accept = AcceptHeader(request.headers[values: .accept].joined(separator: ",")).preferred
        var sent = try await SurfaceRequest(collecting: &request, nesting: 2, service)
        let body = try Self.body(&sent.fields, endpoint)
        return try await service.orders.order(
            endpoint,
            for: body,
            delivery: .image(accept.format),
            base: sent.base,
            idempotency: sent.idempotency,
            surface: .huggingFace
        )
    }

    private static func body(
        _ fields: inout SurfaceFields,
        _ endpoint: GenerationEndpoint
    ) throws -> GenerationBody {
        var body = GenerationBody()
        var parameters = try fields.object("parameters")
        switch endpoint {
        case .textToImage:
            body.parameters.prompt = try fields.text("inputs")
            guard body.parameters.prompt != nil else { throw APIError(wrong: "inputs", "is required: the prompt") }
        case .imageToImage:
            body.image = fields.value("inputs")
            guard body.image != nil else { throw APIError(wrong: "inputs", "is required: the picture") }
            body.parameters.prompt = try parameters.text("prompt")
            body.parameters.strength = try parameters.number("strength") ?? strength
        }
        try read(&parameters, into: &body.parameters)
        // A server that has to start first makes callers wait in any case.
        var options = try fields.object("options")
        options.drop(["wait_for_model", "use_cache"])
        guard let name = (fields.untaken + parameters.untaken + options.untaken).first else { return body }
        throw APIError(wrong: name, "is not a field of this API")
    }

    private static func read(
        _ fields: inout SurfaceFields,
        into parameters: inout GenerationParameters
    ) throws {
        parameters.negativePrompt = try fields.text("negative_prompt")
        parameters.scheduler = try fields.text("scheduler")
        parameters.steps = try fields.integer("num_inference_steps")
        parameters.guidanceScale = try fields.number("guidance_scale")
        parameters.seed = try fields.integer("seed").map { Int64($0) }
        var size = try fields.object("target_size")
        parameters.width = try fields.integer("width") ?? size.integer("width")
        parameters.height = try fields.integer("height") ?? size.integer("height")
        guard let name = size.untaken.first else { return }
        throw APIError(wrong: name, "is given twice or is not a field of this API")
    }
}

extension AcceptHeader.Choice {
    /// The format it names.
    fileprivate var format: ImageFormat? {
        if case .image(let format) = self { format } else { nil }
    }
}

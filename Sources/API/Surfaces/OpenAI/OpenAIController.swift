// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ImageCodec
import Jobs

/// OpenAI's Images API.
struct OpenAIController {
    /// What is done with a request.
    enum Kind {
        case generation
        case edit

        var endpoint: GenerationEndpoint {
            switch self {
            case .generation: .textToImage
            case .edit: .imageToImage
            }
        }

        /// What the names of events start with.
        var eventPrefix: String {
            switch self {
            case .generation: "image_generation"
            case .edit: "image_edit"
            }
        }
    }

    let service: GenerationService
    let answers: JobAnswers
    private let errors = OpenAIErrors()

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        for (path, kind) in [
            ("/v1/images/generations", .generation), ("/v1/images/edits", .edit),
        ] as [(RouterPath, Kind)] {
            router.endpoint(
                path,
                errors: errors,
                [
                    .post: gate(.generate) { request, context, caller in
                        try await images(kind, request, context, caller)
                    }
                ]
            )
        }
        router.endpoint("/v1/models", errors: errors, [.get: gate(.read, models)])
        router.endpoint("/v1/models/:model", errors: errors, [.get: gate(.read, model)])
    }

    private func images(
        _ kind: Kind,
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let clock = ContinuousClock()
        let arrived = clock.now
        var (order, partialImages) = try await order(kind, request)
        if let partialImages {
            let picturePlace = try service.placeForPictures(of: caller)
            let receipt = try await service.submit(&order, for: caller, context)
            let stream = OpenAIImageStream(
                kind: kind,
                partialImages: partialImages,
                order: order,
                receipt: receipt,
                picturePlace: picturePlace,
                place: try service.placeToWait(for: receipt, caller),
                service: service,
                answers: answers
            )
            return try await stream.response(context)
        }
        let receipt = try await service.pictures(&order, for: caller, context)
        return try Response(
            status: .ok,
            headers: try await answers.pictureHeaders(of: receipt, totalTime: clock.now - arrived),
            json: try await response(to: receipt.job, order)
        )
    }

    /// From a body to what it orders, and how many sketches are shown before each picture if the answer is a stream.
    private func order(
        _ kind: Kind,
        _ request: Request
    ) async throws -> (GenerationOrder, partialImages: Int?) {
        var request = request
        var sent = try await SurfaceRequest(collecting: &request, nesting: 1, service)
        let wanted = try OpenAIImageRequest(&sent.fields, kind)
        let order = try await service.orders.order(
            kind.endpoint,
            for: wanted.body,
            delivery: wanted.wantsAddresses ? .addresses : .base64,
            base: sent.base,
            idempotency: sent.idempotency,
            surface: .openAI
        )
        return (order, wanted.streams ? wanted.partialImages : nil)
    }

    private func response(to job: Job, _ order: GenerationOrder) async throws -> OpenAIImagesResponse {
        var data: [OpenAIImagesResponse.Image] = []
        for image in job.result?.images ?? [] {
            var item = OpenAIImagesResponse.Image(seed: image.seed.value)
            if order.delivery == .base64 {
                item.b64JSON = try await answers.text(of: image)
            } else {
                item.url = order.base.address(of: image)
            }
            data.append(item)
        }
        return OpenAIImagesResponse(
            created: (job.ended ?? service.store.now).unixSeconds,
            data: data,
            outputFormat: order.generation.outputFormat.rawValue,
            size: order.generation.openAISize,
            warnings: answers.warnings(of: job)
        )
    }

    @Sendable private func models(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) throws -> Response {
        try Response(status: .ok, json: OpenAIModel.List())
    }

    @Sendable private func model(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) throws -> Response {
        let name = context.parameters.get("model")
        guard let model = OpenAIModel.all.first(where: { $0.id == name }) else {
            throw APIError(.unknownModel, "There is no such model. GET /v1/models lists those of this server.")
        }
        return try Response(status: .ok, json: model)
    }
}

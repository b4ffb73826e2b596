// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Makes pictures and answers with them.
struct GenerationController {
    let configuration: APIConfiguration
    let generator: any ImageGenerator
    let images: any ImageStore
    private let referenceImages: ReferenceImageDecoder

    init(configuration: APIConfiguration, generator: any ImageGenerator, images: any ImageStore) {
        self.configuration = configuration
        self.generator = generator
        self.images = images
        referenceImages = ReferenceImageDecoder(
            limits: configuration.referenceLimits,
            maxPending: configuration.maxPendingReferences
        )
    }

    func addRoutes(to router: Router<APIRequestContext>) {
        for endpoint in GenerationEndpoint.allCases {
            router.endpoint(.post, RouterPath("/v1/\(endpoint.rawValue)")) { request, context in
                try await generate(endpoint, request: request, context: context)
            }
        }
        router.post("/v1/:model") { _, _ -> Response in
            let names = GenerationEndpoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.unknownModel, "There is no such model. Models of this server: \(names).")
        }
    }

    /// From a body to pictures: read it, check it, make them, answer.
    private func generate(
        _ endpoint: GenerationEndpoint,
        request: Request,
        context: APIRequestContext
    ) async throws -> Response {
        let clock = ContinuousClock()
        let arrived = clock.now
        var request = request
        let order = try await order(endpoint, from: &request)
        // A caller who goes away gets nothing made: the task is cancelled when the connection closes.
        var result = try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await generator.generate(order.generation)
        }
        result.warnings += order.warnings
        return try await response(
            with: result,
            delivery: order.delivery,
            endpoint: endpoint,
            requestID: context.requestID,
            totalTime: clock.now - arrived
        )
    }

    /// What is left of a body once it is read: all that is kept while a request waits for its turn.
    private struct Order {
        var generation: GenerationRequest
        var delivery: Delivery
        var warnings: [String]
    }

    /// Takes the body out of `request` and checks it, the reference picture last.
    private func order(_ endpoint: GenerationEndpoint, from request: inout Request) async throws -> Order {
        let body = try GenerationBody(
            try await BodyFields(collecting: &request, upTo: configuration.maxBodyBytes)
        )
        if endpoint == .imageToImage, body.image == nil {
            throw ValidationError(.image, "is required by /v1/\(endpoint.rawValue)")
        }
        let delivery = try Delivery(of: body, request: request, configuration: configuration)
        let draft = try GenerationDraft(
            validating: delivery.applied(to: body.parameters),
            startsFromImage: body.image != nil,
            limits: configuration.limits,
            defaults: configuration.defaults
        )
        var reference: ReferenceImage?
        if let image = body.image { reference = try await referenceImages.decode(image) }
        return Order(
            generation: draft.request(startingFrom: reference),
            delivery: delivery,
            warnings: body.warnings
        )
    }
}

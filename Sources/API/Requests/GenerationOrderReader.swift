// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Reads orders out of requests.
struct GenerationOrderReader: Sendable {
    /// Reads the bodies of requests, whatever API they are sent to.
    let bodies: BodyReader
    private let configuration: APIConfiguration
    private let referenceImages: ReferenceImageReader

    init(configuration: APIConfiguration, outbound: OutboundClient) {
        self.configuration = configuration
        bodies = BodyReader(maxBytes: configuration.maxBodyBytes, memory: configuration.maxBodyMemory)
        referenceImages = ReferenceImageReader(configuration: configuration, outbound: outbound)
    }

    /// Takes the body out of `request` and checks it, the reference picture last.
    ///
    /// - Parameter answersLater: Whether the caller gets JSON now and asks for the pictures afterwards.
    func order(
        _ endpoint: GenerationEndpoint,
        from request: inout Request,
        answersLater: Bool
    ) async throws -> GenerationOrder {
        let base = try PublicBaseURL(of: request, configuration)
        let idempotencyKey = try IdempotencyKey(request.headers)
        let fields = try await bodies.fields(in: &request)
        let body = try GenerationBody(fields)
        if endpoint == .imageToImage, body.image == nil {
            throw ValidationError(.image, "is required by /v1/\(endpoint.rawValue)")
        }
        let delivery =
            answersLater
            ? Delivery.json(of: body) : try Delivery(of: body, request: request, configuration: configuration)
        let idempotency = idempotencyKey.map {
            Idempotency(key: $0.text, fingerprint: fields.fingerprint(at: endpoint.rawValue))
        }
        return try await order(endpoint, for: body, delivery: delivery, base: base, idempotency: idempotency)
    }

    /// The order that a body makes, whatever API it was sent to.
    ///
    /// The reference picture is read last: it costs a thousand times what the rest does.
    ///
    /// - Parameter surface: The other API; `nil` for this server's own.
    func order(
        _ endpoint: GenerationEndpoint,
        for body: GenerationBody,
        delivery: Delivery,
        base: PublicBaseURL,
        idempotency: Idempotency?,
        surface: Surface? = nil
    ) async throws -> GenerationOrder {
        let draft = try GenerationDraft(
            validating: delivery.applied(to: body.parameters),
            startsFromImage: body.image != nil,
            limits: configuration.limits,
            defaults: configuration.defaults
        )
        let webhook = try body.webhook.map(webhook)
        var reference: ReferenceImage?
        if let image = body.image { reference = try await referenceImages.read(image) }
        return GenerationOrder(
            endpoint: endpoint,
            generation: draft.request(startingFrom: reference),
            delivery: delivery,
            base: base,
            warnings: body.warnings,
            webhook: webhook,
            idempotency: idempotency,
            surface: surface
        )
    }

    private func webhook(_ text: String) throws(ValidationError) -> OutboundURL {
        do throws(OutboundError) {
            return try OutboundURL(text, policy: configuration.outbound)
        } catch {
            throw ValidationError(.webhook, "cannot be called: \(error)", given: text)
        }
    }
}

extension PublicBaseURL {
    /// What the addresses in the answer to `request` start with.
    ///
    /// - Throws: ``APIError`` when nothing is configured and the request does not say a usable `Host`.
    init(of request: Request, _ configuration: APIConfiguration) throws(APIError) {
        guard let base = configuration.publicBaseURL ?? PublicBaseURL(host: request.head.authority) else {
            throw APIError(.invalidParameter, "The Host header must be a host, with or without a port.")
        }
        self = base
    }
}

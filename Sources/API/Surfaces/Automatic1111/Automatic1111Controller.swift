// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import Jobs

/// The API of AUTOMATIC1111's web UI.
///
/// The web UI has one user and one request at a time; here each account sees its own.
struct Automatic1111Controller {
    let service: GenerationService
    let answers: JobAnswers
    private let errors = Automatic1111Errors()

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        let gate = gate.accepting([.basic, .bearer])
        for (path, endpoint) in [
            ("/sdapi/v1/txt2img", .textToImage), ("/sdapi/v1/img2img", .imageToImage),
        ] as [(RouterPath, GenerationEndpoint)] {
            router.endpoint(
                path,
                errors: errors,
                [
                    .post: gate(.generate) { request, context, caller in
                        try await images(endpoint, request, context, caller)
                    }
                ]
            )
        }
        router.endpoint("/sdapi/v1/progress", errors: errors, [.get: gate(.read, progress)])
        // A skipped picture would be one that is not there.
        for path in ["/sdapi/v1/interrupt", "/sdapi/v1/skip"] as [RouterPath] {
            router.endpoint(path, errors: errors, [.post: gate(.generate, interrupt)])
        }
        router.endpoint(
            "/sdapi/v1/options",
            errors: errors,
            [.get: list(Automatic1111Options(), gate), .post: gate(.generate, setOptions)]
        )
        router.endpoint("/sdapi/v1/samplers", errors: errors, [.get: list(Automatic1111Sampler.all, gate)])
        router.endpoint("/sdapi/v1/schedulers", errors: errors, [.get: list(JSONValue.automatic1111Spacings, gate)])
        router.endpoint("/sdapi/v1/sd-models", errors: errors, [.get: list(JSONValue.automatic1111Models, gate)])
        router.endpoint("/sdapi/v1/cmd-flags", errors: errors, [.get: list([String: String](), gate)])
        router.endpoint(
            "/sdapi/v1/scripts",
            errors: errors,
            [.get: list(["txt2img": [String](), "img2img": []], gate)]
        )
    }

    private func images(
        _ endpoint: GenerationEndpoint,
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let clock = ContinuousClock()
        let arrived = clock.now
        var (order, sendsImages) = try await order(endpoint, request)
        let receipt = try await service.pictures(&order, for: caller, context)
        var images: [String] = []
        if sendsImages {
            for image in receipt.job.result?.images ?? [] { images.append(try await answers.text(of: image)) }
        }
        return try Response(
            status: .ok,
            headers: try await answers.pictureHeaders(of: receipt, totalTime: clock.now - arrived),
            json: Automatic1111Response(
                images: images,
                of: order.generation,
                receipt.job,
                warnings: answers.warnings(of: receipt.job)
            )
        )
    }

    /// From a body to what it orders, and whether the answer holds the pictures.
    private func order(
        _ endpoint: GenerationEndpoint,
        _ request: Request
    ) async throws -> (GenerationOrder, sendsImages: Bool) {
        var request = request
        // Three levels: alwayson_scripts, a script, its arguments.
        var sent = try await SurfaceRequest(collecting: &request, nesting: 3, service)
        let wanted = try Automatic1111Request(&sent.fields, endpoint)
        let order = try await service.orders.order(
            endpoint,
            for: wanted.body,
            delivery: .base64,
            base: sent.base,
            idempotency: sent.idempotency,
            surface: .automatic1111
        )
        return (order, wanted.sendsImages)
    }

    /// How far the request is that is being made, or the next one.
    @Sendable private func progress(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        var body = Automatic1111Progress()
        if let job = try await unfinished(of: caller).first {
            let base = try PublicBaseURL(of: request, service.configuration)
            body = Automatic1111Progress(of: job, base: base, now: service.store.now)
            if request.uri.queryParameters["skip_current_image"]?.lowercased() != "true" {
                body.currentImage = try await sketch(of: job)
            }
        }
        return try Response(status: .ok, headers: [.cacheControl: "no-store"], json: body)
    }

    /// Ends the request that is being made, or the next one.
    @Sendable private func interrupt(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        if let job = try await unfinished(of: caller).first {
            _ = try await service.store.cancel(job.id, of: caller.account)
        }
        return try Response(status: .ok, json: [String: String]())
    }

    /// Takes settings that are as they are.
    @Sendable private func setOptions(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        var request = request
        var fields = try await SurfaceRequest(collecting: &request, service).fields
        let options = Automatic1111Options()
        try fields.refuse("sd_model_checkpoint", "must be \(options.model)") { $0.asText == options.model }
        try fields.refuse("samples_format", "must be \(options.format): ask for others in override_settings") {
            $0.asText == options.format
        }
        try fields.refuse("jpeg_quality", "must be \(options.quality): ask for others in override_settings") {
            $0.asNumber == Double(options.quality)
        }
        guard let name = fields.untaken.first else { return try Response(status: .ok, json: [String: String]()) }
        throw APIError(wrong: name, "is not a setting of this server")
    }

    /// The web UI's requests of an account that are not over: what is being made first, then what waits longest.
    private func unfinished(of caller: Caller) async throws -> [Job] {
        try await service.store.unfinishedJobs(of: caller.account).filter { $0.details.surface == .automatic1111 }
    }

    private func sketch(of job: Job) async throws -> String? {
        let events = try await service.store.events(of: job.id, after: nil, waitingUpTo: .zero)
        for event in events.reversed() {
            if case .progress(let progress) = event.kind, let preview = progress.preview {
                return Data(preview.bytes).base64EncodedString()
            }
        }
        return nil
    }

    private func list(
        _ value: some Encodable & Sendable,
        _ gate: Gate
    ) -> Router<APIRequestContext>.Endpoint {
        gate(.read) { _, _, _ in try Response(status: .ok, json: value) }
    }
}

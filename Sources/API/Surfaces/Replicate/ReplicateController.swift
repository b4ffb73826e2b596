// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Replicate's API of predictions.
struct ReplicateController {
    let service: GenerationService
    let accounts: any AccountStore
    private let errors = ReplicateErrors()

    /// How long a caller waits at most who does not say (`Prefer: wait`), and who does.
    private static let maxWait = 60
    private static let page = 20

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        let gate = gate.accepting([.bearer, .token])
        router.endpoint(
            "/v1/predictions",
            errors: errors,
            [
                .get: gate(.read, list),
                .post: gate(.generate) { request, context, caller in
                    try await create(nil, request, context, caller)
                },
            ]
        )
        router.endpoint("/v1/predictions/:id", errors: errors, [.get: gate(.read, prediction)])
        router.endpoint("/v1/predictions/:id/cancel", errors: errors, [.post: gate(.generate, cancel)])
        router.endpoint("/v1/webhooks/default/secret", errors: errors, [.get: gate(.read, webhookSecret)])
        router.endpoint("/v1/models/:model/:name", errors: errors, [.get: gate(.read, model)])
        router.endpoint("/v1/models/:model/:name/versions", errors: errors, [.get: gate(.read, versions)])
        router.endpoint("/v1/models/:model/:name/versions/:version", errors: errors, [.get: gate(.read, version)])
        router.endpoint(
            "/v1/models/:model/:name/predictions",
            errors: errors,
            [
                .post: gate(.generate) { request, context, caller in
                    try await create(try endpoint(context), request, context, caller)
                }
            ]
        )
    }

    /// What webhooks are signed with.
    @Sendable private func webhookSecret(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        guard let account = try await accounts.account(caller.account) else {
            throw StoreError.unknownAccount(caller.account)
        }
        return try Response(
            status: .ok,
            headers: [.cacheControl: "no-store"],
            json: ["key": WebhookMessage.text(of: account.webhookSecret)]
        )
    }

    /// From a body to a prediction, which is waited for as long as the caller wants to.
    private func create(
        _ endpoint: GenerationEndpoint?,
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let wait = ReplicateWait.duration(request.headers, upTo: Self.maxWait)
        var order = try await order(endpoint, request)
        let place = wait.flatMap { _ in service.waits.enter(caller) }
        guard wait == nil || place != nil else { throw APIError.tooManyWaits }
        let receipt = try await service.submit(&order, for: caller, context)
        let job = try await job(of: receipt, onceEndedWithin: wait, context)
        withExtendedLifetime(place) {}
        // The record of the first of several that are the same says which seed it drew.
        let made = receipt.isRepetition ? try await made(by: job) : order.generation
        let prediction = ReplicatePrediction(job: job, request: made, base: order.base)
        var headers = receipt.rate?.headers ?? [:]
        headers[.cacheControl] = "no-store"
        return try Response(status: .created, headers: headers, json: prediction.json(isNew: true))
    }

    /// From a body to what it orders, of the address's model or of the one that it names.
    private func order(_ endpoint: GenerationEndpoint?, _ request: Request) async throws -> GenerationOrder {
        var request = request
        var sent = try await SurfaceRequest(collecting: &request, nesting: 2, service)
        let (endpoint, body) = try Self.body(endpoint, &sent.fields)
        return try await service.orders.order(
            endpoint,
            for: body,
            delivery: .addresses,
            base: sent.base,
            idempotency: sent.idempotency,
            surface: .replicate
        )
    }

    private static func body(
        _ endpoint: GenerationEndpoint?,
        _ fields: inout SurfaceFields
    ) throws -> (GenerationEndpoint, GenerationBody) {
        let endpoint = try endpoint ?? Self.endpoint(&fields)
        var input = try fields.object("input")
        var body = try ReplicateInput.read(&input, endpoint)
        body.webhook = try webhook(&fields)
        try fields.refuse("stream", "is not supported: ask for the prediction", unless: \.isEmpty)
        guard let name = fields.untaken.first else { return (endpoint, body) }
        throw APIError(wrong: name, "is not a field of this API")
    }

    /// The job at once, or once it is over or `patience` has passed.
    private func job(
        of receipt: JobSubmitter.Receipt,
        onceEndedWithin patience: Duration?,
        _ context: APIRequestContext
    ) async throws -> Job {
        guard let patience else { return receipt.job }
        return try await context.whileCallerWaits { [watcher, job = receipt.job] in
            try await watcher.job(job.id, of: job.account, onceEndedWithin: patience, drainPatience: .zero)
        }
    }

    /// The model that a body names by a version.
    private static func endpoint(_ fields: inout SurfaceFields) throws -> GenerationEndpoint {
        guard let version = try fields.text("version") else { throw APIError(wrong: "version", "is required") }
        return try GenerationEndpoint(replicateVersion: version)
    }

    /// Who wants to be told of the end.
    ///
    /// Nothing is told before it.
    private static func webhook(_ fields: inout SurfaceFields) throws -> String? {
        try fields.refuse("webhook_events_filter", #"must be ["completed"]: nothing is told before the end"#) { value in
            value == .array([.text("completed")])
        }
        return try fields.text("webhook") ?? fields.text("webhook_completed")
    }

    @Sendable private func prediction(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let job = try await watcher.job(try jobID(context), of: caller.account)
        return try await answer(job, request)
    }

    @Sendable private func cancel(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        switch try await service.store.cancel(try jobID(context), of: caller.account) {
        case .found(let job): return try await answer(job, request)
        case .expired: throw APIError.expiredRequest
        case .unknown: throw APIError.unknownRequest
        }
    }

    /// The caller's predictions, the newest first, whatever API they were sent in.
    @Sendable private func list(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let base = try PublicBaseURL(of: request, service.configuration)
        let text = request.uri.queryParameters["cursor"].map(String.init)
        let cursor = text.flatMap { JobPage.Cursor($0) }
        guard text == nil || cursor != nil else { throw APIError(wrong: "cursor", "must be that of an answer before") }
        let page = try await service.store.jobs(of: caller.account, after: cursor, limit: Self.page)
        var results: [JSONValue] = []
        for job in page.jobs {
            results.append(try await ReplicatePrediction(job: job, request: made(by: job), base: base).json())
        }
        let next = page.next.map { JSONValue.text("\(base)/v1/predictions?cursor=\($0)") }
        return try Response(
            status: .ok,
            headers: [.cacheControl: "no-store"],
            json: ["previous": .null, "next": next ?? .null, "results": .array(results)] as JSONValue
        )
    }

    @Sendable private func model(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) throws -> Response {
        let base = try PublicBaseURL(of: request, service.configuration)
        return try Response(status: .ok, json: endpoint(context).replicateModel(document, at: base))
    }

    @Sendable private func versions(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) throws -> Response {
        let versions: JSONValue = [
            "previous": .null, "next": .null, "results": [try endpoint(context).replicateVersion(document)],
        ]
        return try Response(status: .ok, json: versions)
    }

    @Sendable private func version(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) throws -> Response {
        let endpoint = try endpoint(context)
        guard context.parameters.get("version") == endpoint.replicateVersion else {
            throw APIError(.unknownModel, "There is no such version. GET …/versions lists those of the model.")
        }
        return try Response(status: .ok, json: endpoint.replicateVersion(document))
    }

    private func answer(_ job: Job, _ request: Request) async throws -> Response {
        let base = try PublicBaseURL(of: request, service.configuration)
        let prediction = ReplicatePrediction(job: job, request: try await made(by: job), base: base)
        return try Response(status: .ok, headers: [.cacheControl: "no-store"], json: prediction.json())
    }

    private func made(by job: Job) async throws -> GenerationRequest? { try await service.store.request(of: job.id) }

    private func endpoint(_ context: APIRequestContext) throws(APIError) -> GenerationEndpoint {
        try GenerationEndpoint(owner: context.parameters.get("model"), name: context.parameters.get("name"))
    }

    private func jobID(_ context: APIRequestContext) throws(APIError) -> JobID {
        guard let id = context.parameters.get("id").flatMap(JobID.init) else { throw .unknownRequest }
        return id
    }

    private var watcher: JobWatcher { JobWatcher(store: service.store) }
    private var document: OpenAPIDocument { OpenAPIDocument(configuration: service.configuration) }
}

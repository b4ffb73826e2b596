// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Tells callers how their requests are, and cancels them.
struct RequestController {
    let configuration: APIConfiguration
    let store: any JobStore & WebhookStore
    let answers: JobAnswers
    let waits: WaitLimit

    static let maxWait = 60
    static let maxPage = 100
    static let defaultPage = 20

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        for version in ["/v1", "/v2"] {
            router.endpoint(
                "\(version)/requests/:id",
                [.get: gate(.read, result), .delete: gate(.generate, cancel)]
            )
        }
        router.endpoint("/v2/requests/:id/status", [.get: gate(.read, status)])
        router.endpoint("/v2/requests/:id/events", [.get: gate(.read, events)])
        router.endpoint("/v2/requests/:id/webhooks", [.get: gate(.read, webhooks)])
        router.endpoint("/v1/requests", [.get: gate(.read, history)])
    }

    /// The pictures, or how far they are.
    @Sendable private func result(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let job = try await watcher.job(try jobID(context), of: caller.account)
        let base = try PublicBaseURL(of: request, configuration)
        return try await answers.result(of: job, at: base)
    }

    /// How far the pictures are; with `wait`, once they are there or that many seconds have passed.
    @Sendable private func status(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let id = try jobID(context)
        let wait = try request.number("wait", in: 0...Self.maxWait) ?? 0
        let base = try PublicBaseURL(of: request, configuration)
        guard wait > 0 else {
            return try await answers.status(of: try await watcher.job(id, of: caller.account), at: base)
        }
        guard let place = waits.enter(caller) else { throw APIError.tooManyWaits }
        let job = try await context.whileCallerWaits { [watcher] in
            try await watcher.job(id, of: caller.account, onceEndedWithin: .seconds(wait), drainPatience: .zero)
        }
        withExtendedLifetime(place) {}
        return try await answers.status(of: job, at: base)
    }

    /// What happens to the pictures, as it happens.
    @Sendable private func events(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let job = try await watcher.job(try jobID(context), of: caller.account)
        var last: JobEvent.ID?
        if let text = request.headers[.lastEventID], !text.isEmpty {
            guard let id = JobEvent.ID(text) else {
                throw APIError(wrong: "Last-Event-ID", "must be the id of an event")
            }
            last = id
        }
        if job.lifecycle.isEnded, last != nil {
            // Browsers come back after the end of a stream until they are told that there is no more.
            guard try await !store.events(of: job.id, after: last, waitingUpTo: .zero).isEmpty else {
                return Response(status: .noContent)
            }
        }
        guard let place = waits.enter(caller) else { throw APIError.tooManyWaits }
        let stream = JobEventStream(
            job: job,
            base: try PublicBaseURL(of: request, configuration),
            answers: answers,
            heartbeatInterval: configuration.heartbeatInterval
        )
        return stream.response(after: last, context, place: place)
    }

    /// Ends a request that is not over; sending it again changes nothing.
    @Sendable private func cancel(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let base = try PublicBaseURL(of: request, configuration)
        switch try await store.cancel(try jobID(context), of: caller.account) {
        case .found(let job): return try await answers.status(of: job, at: base, failuresAreErrors: false)
        case .expired: throw APIError.expiredRequest
        case .unknown: throw APIError.unknownRequest
        }
    }

    /// The caller's requests, the newest first.
    @Sendable private func history(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let limit = try request.number("limit", in: 1...Self.maxPage) ?? Self.defaultPage
        let base = try PublicBaseURL(of: request, configuration)
        let page = try await store.jobs(of: caller.account, after: try request.jobCursor, limit: limit)
        return try Response(status: .ok, headers: [.cacheControl: "no-store"], json: HistoryResponse(page, base: base))
    }

    /// What became of the news of a request's end.
    @Sendable private func webhooks(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let job = try await watcher.job(try jobID(context), of: caller.account)
        let deliveries = try await store.deliveries(of: job.id)
        return try Response(
            status: .ok,
            headers: [.cacheControl: "no-store"],
            json: WebhookLogResponse(deliveries)
        )
    }

    private var watcher: JobWatcher { JobWatcher(store: store) }

    private func jobID(_ context: APIRequestContext) throws(APIError) -> JobID {
        guard let id = context.parameters.get("id").flatMap(JobID.init) else { throw .unknownRequest }
        return id
    }
}

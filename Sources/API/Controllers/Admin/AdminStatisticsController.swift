// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import ServiceLifecycle

/// Tells operators what waits, what runs, and what went wrong.
struct AdminStatisticsController {
    let store: any JobStore & MaintenanceStore

    /// The graph shows an hour, minute by minute.
    private static let span = (interval: Duration.seconds(60), count: 60)
    static let maxPage = 100
    static let defaultPage = 20

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        router.endpoint("/v1/admin/statistics", [.get: gate(.admin, statistics)])
        router.endpoint("/v1/admin/requests", [.get: gate(.admin, requests)])
        router.endpoint("/v1/admin/failures", [.get: gate(.admin, failures)])
    }

    /// The queue, the workers, and how much was done lately.
    @Sendable private func statistics(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        try answer(
            AdminStatisticsResponse(
                try await store.statistics(),
                try await store.throughput(per: Self.span.interval, count: Self.span.count),
                isDraining: Task.isShuttingDownGracefully,
                now: store.now
            )
        )
    }

    /// The requests of all accounts, the newest first.
    @Sendable private func requests(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let page = try await store.jobs(of: nil, after: try request.jobCursor, limit: try limit(of: request))
        return try answer(AdminRequestsResponse(page.jobs, next: page.next))
    }

    /// The requests of all accounts that failed, the newest first.
    @Sendable private func failures(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        try answer(AdminRequestsResponse(try await store.failures(limit: try limit(of: request))))
    }

    private func limit(of request: Request) throws(APIError) -> Int {
        try request.number("limit", in: 1...Self.maxPage) ?? Self.defaultPage
    }

    private func answer(_ body: some Encodable) throws -> Response {
        try Response(status: .ok, headers: [.cacheControl: "no-store"], json: body)
    }
}

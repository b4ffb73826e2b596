// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Metrics

/// Counts requests, and how long each takes to the head of its answer.
///
/// The route's pattern stands for its address: there are few of them, and addresses of pictures are secrets.
struct MetricsMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        let response = try await next(request, context)
        let route = context.endpointPath ?? "unknown"
        Counter(
            label: "darkroom_http_requests_total",
            dimensions: [
                ("method", Self.methods.contains(request.method) ? request.method.rawValue : "other"),
                ("route", route),
                ("status", "\(response.status.code)"),
            ]
        ).increment()
        Metrics.Timer(label: "darkroom_http_request_seconds", dimensions: [("route", route)])
            .record(duration: clock.now - start)
        return response
    }
}

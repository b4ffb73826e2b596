// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Tells operators and their probes how the service is.
struct HealthController {
    let generator: any ImageGenerator

    func addRoutes(to router: Router<APIRequestContext>) {
        router.endpoint(.get, "/health", handler: health)
        router.endpoint(.get, "/ready", handler: ready)
    }

    /// Always 200, with the state: a server that can say what it does is alive.
    @Sendable func health(request: Request, context: APIRequestContext) async throws -> Response {
        try answer(.ok)
    }

    /// 200 when a request sent now would be served, else 503.
    @Sendable func ready(request: Request, context: APIRequestContext) async throws -> Response {
        try answer(generator.state.acceptsRequests ? .ok : .serviceUnavailable)
    }

    private func answer(_ status: HTTPResponse.Status) throws -> Response {
        try Response(
            status: status,
            headers: [.cacheControl: "no-store"],
            json: HealthResponse(status: generator.state.rawValue)
        )
    }
}

private struct HealthResponse: Encodable {
    let status: String
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging

/// Logs one line a request.
///
/// The route's pattern stands for its address, since addresses of pictures are secrets.
struct RequestLogMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        let response = try await next(request, context)
        context.logger.info(
            "Request answered",
            metadata: [
                "http.method": "\(request.method)",
                "http.route": "\(context.endpointPath ?? "unknown")",
                "http.status": "\(response.status.code)",
                "seconds": "\((clock.now - start).seconds)",
            ]
        )
        return response
    }
}

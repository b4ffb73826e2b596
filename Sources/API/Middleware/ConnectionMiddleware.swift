// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Gives every request the connection it came by.
struct ConnectionMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let registry: ConnectionRegistry

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.connection = registry[context.channel]
        return try await next(request, context)
    }
}

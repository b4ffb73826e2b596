// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging

/// Turns whatever a route throws into the answer the error table gives it, in the words of the API it belongs to.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let shaped = error as? ShapedError
            let shape = shaped?.shape ?? OwnErrorShape()
            let error = shaped?.cause ?? error
            if error is CallerLeft { return Response(status: .callerLeft) }
            var answer = APIError(error, in: shape)
            // Whoever was refused need not send the rest of a body, and it is not read.
            if request.method == .post, context.connection?.isReadingRequest ?? true {
                answer.headers[.connection] = "close"
            }
            if answer.code == .internal, !(error is CancellationError) {
                context.logger.error("Request failed", metadata: ["error": "\(error)"])
            }
            return try answer.response(requestID: context.requestID, in: shape)
        }
    }
}

extension HTTPResponse.Status {
    /// What is noted where a caller is gone before there is an answer, which is no fault of the server's; 499 as in nginx.
    static let callerLeft = HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
}

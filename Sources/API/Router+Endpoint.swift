// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension Router<APIRequestContext> {
    /// Answers a request.
    typealias Endpoint = @Sendable (Request, Context) async throws -> Response

    /// Answers at `path` with the endpoint of the request's method, and other methods with 405 and an `Allow` header.
    ///
    /// - Parameter shape: In whose words errors are told.
    func endpoint(
        _ path: RouterPath,
        errors shape: any ErrorShape = OwnErrorShape(),
        _ endpoints: [HTTPRequest.Method: Endpoint]
    ) {
        for (method, endpoint) in endpoints { on(path, method: method, use: shape.telling(endpoint)) }
        let methods: [HTTPRequest.Method] =
            [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
            + [HTTPRequest.Method("QUERY")].compactMap { $0 }
        // The router answers HEAD where there is GET.
        let allowed = methods.filter { endpoints[$0] != nil || ($0 == .head && endpoints[.get] != nil) }
        let list = allowed.map(\.rawValue).joined(separator: ", ")
        let refusal = shape.telling { _, _ in
            var error = APIError(.methodNotAllowed, "This address answers \(list) only.")
            error.headers[.allow] = list
            throw error
        }
        for method in methods where !allowed.contains(method) { on(path, method: method, use: refusal) }
    }
}

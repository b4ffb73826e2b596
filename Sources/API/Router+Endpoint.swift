// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension Router {
    /// Answers `method` at `path` with `handler`, and every other method with 405 and an `Allow` header.
    func endpoint(
        _ method: HTTPRequest.Method,
        _ path: RouterPath,
        handler: @escaping @Sendable (Request, Context) async throws -> Response
    ) {
        on(path, method: method, use: handler)
        // The router answers HEAD where there is GET.
        let allowed: [HTTPRequest.Method] = method == .get ? [.get, .head] : [method]
        let others: [HTTPRequest.Method] = [
            .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
        ]
        for other in others where !allowed.contains(other) {
            on(path, method: other) { _, _ -> Response in
                let list = allowed.map(\.rawValue).joined(separator: ", ")
                var error = APIError(.methodNotAllowed, "This address answers \(list) only.")
                error.headers[.allow] = list
                throw error
            }
        }
    }
}

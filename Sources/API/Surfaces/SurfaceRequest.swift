// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The body of a request to another API, with what else of the request decides about its job.
struct SurfaceRequest {
    /// What the addresses in the answer start with.
    let base: PublicBaseURL
    /// What makes a repetition of the request the same job.
    let idempotency: Idempotency?
    /// What the body says.
    var fields: SurfaceFields

    /// Takes the body out of `request`.
    ///
    /// - Parameter nesting: How deep the values are nested that the API has fields for.
    init(
        collecting request: inout Request,
        nesting: Int = 0,
        _ service: GenerationService
    ) async throws {
        base = try PublicBaseURL(of: request, service.configuration)
        let key = try IdempotencyKey(request.headers)
        let body = try await service.orders.bodies.fields(in: &request, nesting: nesting)
        idempotency = key.map { Idempotency(key: $0.text, fingerprint: body.fingerprint(at: request.uri.path)) }
        fields = try SurfaceFields(body)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird

/// Refuses requests for work that a browser sends for a page of another site.
///
/// Where nobody needs a key, any page its user opens could otherwise keep this server busy. Callers that are no browsers
/// send neither of the two headers.
struct CrossSiteMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    /// Where callers reach this server, when a proxy changes `Host`.
    let publicBaseURL: PublicBaseURL?

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard [.get, .head].contains(request.method) || isFromHere(request) else {
            throw APIError(.crossSiteRequest, "Pages of other sites cannot use this server from a browser.")
        }
        return try await next(request, context)
    }

    private func isFromHere(_ request: Request) -> Bool {
        guard request.headers[.secFetchSite] != "cross-site" else { return false }
        guard let origin = request.headers[.origin] else { return true }
        // "null", which hidden origins send, has no host.
        guard let host = Self.host(of: origin) else { return false }
        let own = [request.head.authority.map { "http://\($0)" }, publicBaseURL?.description]
        return own.contains { $0.flatMap(Self.host) == host }
    }

    private static func host(of url: String) -> String? {
        URLComponents(string: url)?.host?.lowercased()
    }
}

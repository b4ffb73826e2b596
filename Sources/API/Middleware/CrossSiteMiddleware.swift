// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird

/// Refuses what a browser sends for a page of another site.
///
/// Where nobody needs a key, any page its user opens could otherwise keep this server busy. Two ways lead there:
///
/// - The page sends requests here. The browser then names the page's site in `Origin` or `Sec-Fetch-Site`; callers that are
///   no browsers send neither.
/// - The page's own name comes to mean this machine (DNS rebinding). The browser then takes this server for the page's own
///   site, and only `Host` shows whose name it was.
struct CrossSiteMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    /// Where callers reach this server, when a proxy changes `Host`.
    let publicBaseURL: PublicBaseURL?

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard namesThisServer(request) else {
            throw APIError(
                .crossSiteRequest,
                "Without keys this server answers to the names of this machine, and to that of --public-url."
            )
        }
        guard [.get, .head].contains(request.method) || isFromHere(request) else {
            throw APIError(.crossSiteRequest, "Pages of other sites cannot use this server from a browser.")
        }
        return try await next(request, context)
    }

    /// Whether the request was sent to a name of this server; browsers always say to which.
    private func namesThisServer(_ request: Request) -> Bool {
        guard let authority = request.head.authority else { return true }
        guard let host = Self.host(of: "http://\(authority)") else { return false }
        return host == "localhost" || IPAddress(host)?.isLoopback ?? false
            || host == publicBaseURL.flatMap { Self.host(of: $0.description) }
    }

    private func isFromHere(_ request: Request) -> Bool {
        guard request.headers[.secFetchSite] != "cross-site" else { return false }
        guard let origin = request.headers[.origin] else { return true }
        // "null", which hidden origins send, has no host.
        guard let host = Self.host(of: origin) else { return false }
        let own = [request.head.authority.map { "http://\($0)" }, publicBaseURL?.description]
        return own.contains { $0.flatMap(Self.host) == host }
    }

    /// The host of a URL, an address of version 6 without its brackets.
    private static func host(of url: String) -> String? {
        guard let host = URLComponents(string: url)?.host?.lowercased() else { return nil }
        return host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}

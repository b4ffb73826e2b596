// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Sends requests to a hub, and follows where it sends them.
struct HubTransport: Sendable {
    let client: HTTPClient
    let endpoint: HubEndpoint
    let token: HubToken?

    private static let maxRedirects = 5

    static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(10)
        // Between two parts of a body, not for the whole of it.
        configuration.timeout.read = .seconds(60)
        // Attempts are counted and spaced by RetryPolicy.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// The answer to a `GET`, at the end of all redirects.
    ///
    /// Throws ``TransientFailure`` if there is none, and ``HubError`` for redirects that are not to be followed.
    func get(_ url: URL, range: String? = nil) async throws -> HTTPClientResponse {
        var url = url
        for _ in 0...Self.maxRedirects {
            let response = try await send(url, range: range)
            guard [301, 302, 303, 307, 308].contains(response.status.code),
                let location = response.headers.first(name: "location")
            else { return response }
            // Read to its end, or the connection is of no further use.
            _ = try? await response.body.collect(upTo: 64 << 10)
            url = try redirected(from: url, to: location)
        }
        throw HubError.badAnswer(subject: endpoint.description, problem: "more than \(Self.maxRedirects) redirects")
    }

    private func redirected(from url: URL, to location: String) throws(HubError) -> URL {
        guard let target = URL(string: location, relativeTo: url)?.absoluteURL, let origin = Origin(target) else {
            throw .badAnswer(subject: endpoint.description, problem: "a redirect to what is no address")
        }
        guard endpoint.origin.scheme == "http" || origin.scheme == "https" else {
            throw .badAnswer(subject: endpoint.description, problem: "a redirect from https to http, at \(origin.host)")
        }
        return target
    }

    private func send(_ url: URL, range: String?) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "user-agent", value: "darkroom")
        // Sizes and checksums are of the bytes as they are.
        request.headers.add(name: "accept-encoding", value: "identity")
        if let range { request.headers.add(name: "range", value: range) }
        if let token, Origin(url) == endpoint.origin {
            request.headers.add(name: "authorization", value: "Bearer \(token.secret)")
        }
        do {
            return try await client.execute(request, timeout: .seconds(60))
        } catch {
            throw try TransientFailure(of: error)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import NIOCore
import NIOEmbedded
import Testing

@testable import API

/// The client here sends `Host: localhost`.
struct CrossSiteTests {
    private func post(
        to api: TestAPI = TestAPI(),
        origin: String?,
        site: String? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.origin] = origin
        headers[try #require(HTTPFields.Element.Name("sec-fetch-site"))] = site
        return try await api.post(Array("{}".utf8), headers: headers)
    }

    @Test(
        arguments: [
            ("https://evil.example", nil), ("http://localhost.evil.example", nil), ("null", nil), ("", nil),
            ("https://evil.example", "cross-site"), (nil, "cross-site"), ("http://localhost", "cross-site"),
            ("http://evil.localhost", "same-site"),
        ] as [(String?, String?)]
    )
    func `a page of another site cannot have pictures made`(origin: String?, site: String?) async throws {
        let api = TestAPI()
        let response = try await post(to: api, origin: origin, site: site)
        #expect(response.status == .forbidden)
        #expect(try response.json(ErrorBody.self).code == "cross_site_request")
        #expect(api.worker.requests.isEmpty)
    }

    @Test(
        arguments: [
            (nil, nil), ("http://localhost", nil), ("http://LOCALHOST:8080", "same-origin"), (nil, "none"),
        ] as [(String?, String?)]
    )
    func `the page here and callers that are no browsers are served`(origin: String?, site: String?) async throws {
        #expect(try await post(origin: origin, site: site).status == .ok)
    }

    /// A page whose name was changed to mean this machine after it was loaded.
    @Test(
        arguments: [
            "evil.example", "evil.example:8080", "localhost.evil.example", "evil.localhost", "192.168.1.7:8080",
            "10.0.0.1",
            "[fe80::1]:8080", "[::ffff:127.0.0.1]", "127.0.0.1.evil.example", "localhost@evil.example", "0.0.0.0", "",
            "::",
        ],
        ["GET /v1/requests", "GET /", "POST /v1/sd2.1-txt2img"]
    )
    func `a name that is not this machine's is not answered to, whatever is asked`(
        host: String,
        request: String
    ) async throws {
        #expect(try await send(request, to: host, on: TestAPI()).status == .forbidden)
    }

    @Test(
        arguments: [
            "localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080", "pictures.example.org",
            "Pictures.example.org:443",
        ]
    )
    func `this machine's names and the public one are answered to`(host: String) async throws {
        var api = TestAPI()
        api.configuration.publicBaseURL = PublicBaseURL("https://pictures.example.org/sd")
        for request in ["GET /v1/requests", "POST /v1/sd2.1-txt2img"] {
            #expect(try await send(request, to: host, on: api).status == .ok)
        }
    }

    @Test func `with keys any name does`() async throws {
        let api = try await TestAPI(credits: "1")
        #expect(try await send("GET /v1/requests", to: "any.example", on: api).status == .ok)
    }

    /// Sends a method and an address to a host.
    private func send(_ request: String, to host: String, on api: TestAPI) async throws -> Response {
        let router = buildRouter(
            configuration: api.configuration,
            store: try await api.store,
            connections: ConnectionRegistry()
        )
        if api.configuration.auth == .none { _ = try await api.store.openAccount(.anonymous) }
        let words = request.split(separator: " ").map(String.init)
        return try await router.buildResponder().respond(
            to: Request(
                head: HTTPRequest(
                    method: words[0] == "GET" ? .get : .post,
                    scheme: "http",
                    authority: host,
                    path: words[1],
                    headerFields: api.keyed([.contentType: "application/json"])
                ),
                body: RequestBody(buffer: ByteBuffer(string: words[0] == "GET" ? "" : "{}"))
            ),
            context: APIRequestContext(
                source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: api.logger)
            )
        )
    }

    @Test func `the page is served behind a proxy that changes the host`() async throws {
        var api = TestAPI()
        api.configuration.publicBaseURL = PublicBaseURL("https://pictures.example.org/sd")
        #expect(try await post(to: api, origin: "https://pictures.example.org").status == .ok)
    }
}

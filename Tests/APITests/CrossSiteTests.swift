// SPDX-License-Identifier: Apache-2.0

import API
import Hummingbird
import HummingbirdTesting
import Testing

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

    @Test func `the page is served behind a proxy that changes the host`() async throws {
        var api = TestAPI()
        api.configuration.publicBaseURL = PublicBaseURL("https://pictures.example.org/sd")
        #expect(try await post(to: api, origin: "https://pictures.example.org").status == .ok)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

struct AuthenticationTests {
    private static let paths: [(HTTPRequest.Method, String)] =
        [
            (.post, TestAPI.textToImage), (.post, TestAPI.imageToImage), (.post, TestAPI.textToImageLater),
            (.get, "/v1/requests"), (.get, "/v1/requests/\(JobID())"), (.get, "/v2/requests/\(JobID())"),
            (.get, "/v2/requests/\(JobID())/status"), (.get, "/v2/requests/\(JobID())/events"),
            (.get, "/v2/requests/\(JobID())/webhooks"), (.delete, "/v2/requests/\(JobID())"),
            (.get, "/v1/get-user-credits"), (.get, "/v1/webhooks/secret"),
        ] + adminPaths

    private static let adminPaths: [(HTTPRequest.Method, String)] = [
        (.get, "/v1/admin/statistics"), (.get, "/v1/admin/requests"), (.get, "/v1/admin/failures"),
        (.get, "/v1/admin/keys"), (.post, "/v1/admin/keys"), (.delete, "/v1/admin/keys/0123456789abcdef"),
        (.get, "/v1/admin/accounts"), (.post, "/v1/admin/accounts/default/credits"),
    ]

    @Test(arguments: paths)
    func `without a key, or with an unknown one, there is nothing to be had`(
        method: HTTPRequest.Method,
        path: String
    ) async throws {
        var api = try await TestAPI(credits: "1")
        api.key = nil
        for (headers, code) in [
            ([:], "missing_api_key"), ([.apiKey: "dk_wrong"], "invalid_api_key"),
            ([.authorization: "Bearer dk_wrong"], "invalid_api_key"),
            ([.authorization: "Basic eDp5"], "missing_api_key"),
        ] as [(HTTPFields, String)] {
            let response = try await api.send(method, path, headers: headers)
            #expect(response.status == .unauthorized)
            #expect(response.header("www-authenticate") == "Bearer")
            #expect(try response.json(ErrorBody.self).code == code)
        }
    }

    @Test(arguments: ["x-api-key", "authorization"])
    func `a key is presented in either header`(name: String) async throws {
        var api = try await TestAPI(credits: "1")
        let key = try #require(api.key)
        api.key = nil
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[try #require(HTTPFields.Element.Name(name))] = name == "authorization" ? "bearer \(key)" : key
        #expect(try await api.post(Array("{}".utf8), headers: headers).status == .ok)
    }

    @Test func `a caller without a key is refused before the body is looked at`() async throws {
        var api = try await TestAPI(credits: "1")
        api.key = "dk_wrong"
        api.configuration.maxBodyBytes = 3
        let response = try await api.post("this is no JSON, and too long")
        #expect(response.status == .unauthorized)
        #expect(response.header("connection") == "close")
    }

    @Test func `a revoked and an expired key are refused`() async throws {
        var api = try await TestAPI(credits: "1")
        let keys = try await api.store.keys(of: nil)
        _ = try await api.store.revokeKey(try #require(keys.first).id)
        var expired = KeySettings()
        expired.expires = Timestamp(milliseconds: 1)
        for key in [api.key, try await api.makeKey(expired, for: .default)] {
            api.key = key
            let response = try await api.post("{}")
            #expect(response.status == .forbidden)
            #expect(try response.json(ErrorBody.self).code == "key_disabled")
        }
    }

    @Test func `a key does what its scopes allow`() async throws {
        var reading = KeySettings()
        reading.scopes = [.read]
        let reader = try await TestAPI(credits: "1", reading)
        let refused = try await reader.post("{}")
        #expect(refused.status == .forbidden)
        #expect(try refused.json(ErrorBody.self).code == "insufficient_scope")
        #expect(try await reader.send(.get, "/v1/get-user-credits").status == .ok)

        var generating = KeySettings()
        generating.scopes = [.generate]
        let maker = try await TestAPI(credits: "1", generating)
        #expect(try await maker.post("{}").status == .ok)
        #expect(try await maker.send(.get, "/v1/requests").status == .forbidden)
    }

    @Test(arguments: adminPaths)
    func `operators' affairs need the scope admin, and nothing else does`(
        method: HTTPRequest.Method,
        path: String
    ) async throws {
        var everythingElse = KeySettings()
        everythingElse.scopes = Set(Scope.allCases).subtracting([.admin])
        let api = try await TestAPI(credits: "1", everythingElse)
        let refused = try await api.send(method, path)
        #expect(refused.status == .forbidden)
        #expect(try refused.json(ErrorBody.self).code == "insufficient_scope")
        var admin = KeySettings()
        admin.scopes = [.admin]
        let operators = try await TestAPI(credits: "1", admin)
        #expect(try await operators.send(method, path).status != .forbidden)
        #expect(try await operators.send(.get, "/v1/requests").status == .forbidden)
    }

    @Test func `another account's request is not there`() async throws {
        var api = try await TestAPI(credits: "1")
        let id = try await api.submit()
        _ = try await api.end(of: id)
        api.key = try await api.makeKey(for: try #require(AccountID("other")))
        for path in ["/v1/requests/\(id)", "/v2/requests/\(id)/status", "/v2/requests/\(id)/events"] {
            let response = try await api.send(.get, path)
            #expect(response.status == .notFound)
            #expect(try response.json(ErrorBody.self).code == "unknown_request")
        }
        #expect(try await api.send(.delete, "/v2/requests/\(id)").status == .notFound)
        #expect(try await api.send(.get, "/v1/requests").text.contains(id) == false)
    }

    @Test func `what needs no key needs none`() async throws {
        var api = try await TestAPI(credits: "1")
        let image = try await api.post("{}").json(PictureBody.self).image
        api.key = nil
        let path = try #require(image.wholeMatch(of: /http:\/\/localhost(.*)/)?.1)
        for path in ["/", "/admin", "/v1/config", "/health", "/ready", String(path)] {
            #expect(try await api.send(.get, path).status == .ok)
        }
    }

    @Test func `a browser on another site may use a key`() async throws {
        let api = try await TestAPI(credits: "1")
        #expect(try await api.post("{}", headers: [.origin: "https://example.org"]).status == .ok)
    }
}

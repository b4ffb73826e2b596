// SPDX-License-Identifier: Apache-2.0

import API
import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

struct RoutingTests {
    @Test(arguments: ["/v2/nothing", "/nothing", "/v1", "/v1/images", "/v1/a/b", "/page", "/page/shared/none.js"])
    func `an unknown address is a 404 in JSON`(path: String) async throws {
        let response = try await TestAPI().send(.get, path)
        #expect(response.status == .notFound)
        let body = try response.json(ErrorBody.self)
        #expect(body.code == "unknown_endpoint")
        #expect(body.requestID == response.header("x-request-id"))
    }

    @Test func `an unknown model is a 404 that lists the models`() async throws {
        for path in ["/v1/sdxl1.0-txt2img", "/v2/sdxl1.0-txt2img"] {
            let response = try await TestAPI().post("{}", to: path)
            #expect(response.status == .notFound)
            let body = try response.json(ErrorBody.self)
            #expect(body.code == "unknown_model")
            #expect(body.error.contains("sd2.1-txt2img"))
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, TestAPI.textToImage, "POST"), (.put, TestAPI.textToImage, "POST"),
        (.head, TestAPI.imageToImage, "POST"), (.post, "/health", "GET, HEAD"), (.delete, "/", "GET, HEAD"),
        (.post, "/v1/images/x.png", "GET, HEAD"), (.get, TestAPI.textToImageLater, "POST"),
        (.put, "/v2/requests/x", "GET, HEAD, DELETE"), (.post, "/v1/get-user-credits", "GET, HEAD"),
        (.post, "/v1/config", "GET, HEAD"), (.post, "/v1/admin/statistics", "GET, HEAD"),
        (.put, "/v1/admin/keys", "GET, HEAD, POST"), (.get, "/v1/admin/keys/x", "DELETE"),
    ])
    func `a wrong method is a 405 that says the right one`(
        method: HTTPRequest.Method,
        path: String,
        allowed: String
    ) async throws {
        let response = try await TestAPI().send(method, path)
        #expect(response.status == .methodNotAllowed)
        #expect(response.header("allow") == allowed)
        if method != .head { #expect(try response.json(ErrorBody.self).code == "method_not_allowed") }
    }

    @Test(arguments: ["0123", "../../etc/passwd", String(repeating: "0", count: 32)])
    func `an unknown picture is a 404`(name: String) async throws {
        let response = try await TestAPI().send(.get, "/v1/images/\(name).png")
        #expect(response.status == .notFound)
        #expect(["unknown_request", "unknown_endpoint"].contains(try response.json(ErrorBody.self).code))
    }

    @Test func `a sane request id is kept and another is replaced`() async throws {
        let api = TestAPI()
        let name = try #require(HTTPFields.Element.Name("x-request-id"))
        let kept = try await api.send(.get, "/health", headers: [name: "trace-1.A_b"])
        #expect(kept.header("x-request-id") == "trace-1.A_b")
        for strange in ["", "a b", "é", String(repeating: "a", count: 129), "<b>"] {
            let replaced = try await api.send(.get, "/health", headers: [name: strange])
            #expect(UUID(uuidString: replaced.header("x-request-id") ?? "") != nil)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

struct OpenAPITests {
    private static let document = OpenAPIDocument(
        configuration: APIConfiguration(defaults: GenerationDefaults(width: 512, height: 512))
    )

    /// The operations: their methods and paths, and whether they need a key.
    private static var operations: [(method: HTTPRequest.Method, path: String, needsKey: Bool)] {
        object(object(document.json)["paths"]).flatMap { path, methods in
            object(methods).compactMap { name, operation in
                HTTPRequest.Method(name.uppercased()).map { ($0, path, object(operation)["security"] != nil) }
            }
        }
    }

    private static func object(_ value: JSONValue?) -> [String: JSONValue] {
        if case .object(let fields) = value { fields } else { [:] }
    }

    /// All values in a value.
    private static func all(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .array(let values): [value] + values.flatMap(all)
        case .object(let fields): [value] + fields.values.flatMap(all)
        default: [value]
        }
    }

    @Test func `every operation is there, and needs a key when it says so`() async throws {
        var api = try await TestAPI(credits: "1")
        api.key = nil
        #expect(Self.operations.count > 30)
        for (method, path, needsKey) in Self.operations {
            let uri = path.replacing(/\{[a-z]+\}/, with: "x")
            let response = try await api.send(method, uri)
            #expect((response.status == .unauthorized) == needsKey, "\(method) \(path)")
            #expect(response.status != .methodNotAllowed, "\(method) \(path)")
            #expect(!response.text.contains("unknown_endpoint"), "\(method) \(path)")
        }
    }

    @Test func `addresses are described, but for pages and what only clients look up`() async throws {
        let api = TestAPI()
        let router = buildRouter(
            configuration: api.configuration,
            store: try await api.store,
            connections: ConnectionRegistry()
        )
        let undescribed = [
            "/", "/page/.*", "/admin", "/docs.*", "/openapi.json", "/metrics", "/v[12]/{x}",
            "/v1/models/{x}/{x}(/versions.*)?", "/v1/webhooks/default/secret",
        ]
        let described = Set(Self.operations.map { $0.path.replacing(/\{[a-z]+\}/, with: "{x}") })
        for route in router.routes {
            let path = route.path.description.replacing(/[:{]([a-zA-Z]+)\}?/, with: "{x}")
            let isPage = undescribed.contains { pattern in
                path.range(
                    of: "^\(pattern.replacing("{", with: "\\{").replacing("}", with: "\\}"))$",
                    options: .regularExpression
                )
                    != nil
            }
            #expect(described.contains(path) || isPage, "\(path)")
        }
    }

    @Test func `references lead to something`() throws {
        let root = Self.document.json
        var count = 0
        for value in Self.all(root) {
            guard case .text(let reference)? = Self.object(value)["$ref"] else { continue }
            count += 1
            let found = reference.dropFirst(2).split(separator: "/").reduce(root) { node, key in
                Self.object(node)[String(key)] ?? .null
            }
            #expect(found != .null, "\(reference)")
        }
        #expect(count > 50)
    }

    @Test func `limits and defaults are those of the server`() throws {
        var configuration = Self.document.configuration
        configuration.limits.side = 64...128
        configuration.limits.sideMultiple = 16
        configuration.limits.steps = 1...9
        configuration.defaults.width = 128
        let fields = GenerationFields(configuration)
        let width = try #require(fields[.width])
        #expect((width["minimum"], width["maximum"], width["multipleOf"]) == (64, 128, 16))
        #expect(width["default"] == 128)
        #expect(fields[.steps]?["maximum"] == 9)
        guard case .array(let names)? = fields[.scheduler]?["enum"] else { return }
        #expect(names.count == Scheduler.allCases.count)
    }

    @Test func `every code of the error table is described with its status`() {
        let responses = Self.object(Self.object(Self.object(Self.document.json)["components"])["responses"])
        for code in ErrorCode.allCases {
            let response = Self.object(responses["Error\(code.status.code)"])
            #expect(Self.all(.object(response)).contains(.text(code.rawValue)), "\(code)")
        }
    }

    @Test func `a server without keys asks for none`() async throws {
        let document = try await TestAPI().send(.get, "/openapi.json")
        #expect(document.status == .ok)
        #expect(!document.text.contains(#""security":"#))
        #expect(document.text.contains("cross_site_request"))
    }

    @Test func `the page needs nothing from elsewhere and puts no text into markup`() async throws {
        let api = TestAPI()
        for path in ["/docs", "/docs.css", "/docs.js"] {
            let response = try await api.send(.get, path)
            #expect(response.status == .ok)
            let policy = try #require(response.header("content-security-policy"))
            #expect(policy.contains("default-src 'none'") && policy.contains("trusted-types 'none'"))
            #expect(!policy.contains("unsafe"))
            // Behind a proxy the server may be somewhere under a path.
            #expect(!response.text.contains(/"\/[a-z]/))
            for text in ["http:", "https:", "innerHTML", "insertAdjacentHTML", "eval("] {
                #expect(!response.text.contains(text))
            }
        }
    }
}

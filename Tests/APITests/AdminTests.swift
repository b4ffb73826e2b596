// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

/// What operators do over HTTP.
struct AdminTests {
    private static let admin: KeySettings = {
        var settings = KeySettings()
        settings.scopes = Set(Scope.allCases)
        return settings
    }()

    private struct Statistics: Decodable {
        struct Spans: Decodable {
            var start: String
            var interval: Double
            var completed: [Int]
            var failed: [Int]
        }

        var status: String
        var queued: Int
        var oldestAge: Double?
        var running: Int
        var workers: [String: Int]
        var completed: Int
        var failed: Int
        var cancelled: Int
        var throughput: Spans
    }

    private struct Requests: Decodable {
        struct Entry: Decodable {
            var requestId: String
            var account: String
            var status: String
            var code: String?
            var error: String?
        }

        var requests: [Entry]
        var nextCursor: String?
    }

    private struct Key: Decodable {
        struct Rate: Decodable {
            var requests: Int
            var period: Double
        }

        struct Spend: Decodable {
            var amount: Double
            var period: String
        }

        var key: String?
        var id: String
        var account: String
        var state: String
        var scopes: [String]
        var expiresAt: String?
        var rateLimit: Rate?
        var spendLimit: Spend?
    }

    private struct Keys: Decodable {
        var keys: [Key]
    }

    private struct Account: Decodable {
        var account: String
        var credits: Double
        var reserved: Double
    }

    private struct Accounts: Decodable {
        var accounts: [Account]
    }

    // Numbers.

    @Test func `statistics count what waits and for how long`() async throws {
        let api = try await TestAPI(.away, credits: "1", Self.admin)
        for _ in 0..<3 { _ = try await api.submit() }
        let cancelled = try await api.submit()
        _ = try await api.send(.delete, "/v2/requests/\(cancelled)")
        let statistics = try await api.send(.get, "/v1/admin/statistics").snakeJSON(Statistics.self)
        #expect((statistics.queued, statistics.running, statistics.cancelled) == (3, 0, 1))
        #expect(try #require(statistics.oldestAge) >= 0)
        #expect(statistics.workers == ["starting": 0, "ready": 0, "busy": 0, "draining": 0])
        #expect(statistics.status == "starting")
    }

    @Test func `statistics count what was finished, minute by minute`() async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        for _ in 0..<2 { _ = try await api.post("{}") }
        let statistics = try await api.send(.get, "/v1/admin/statistics").snakeJSON(Statistics.self)
        #expect(statistics.completed == 2)
        #expect(statistics.oldestAge == nil)
        let spans = statistics.throughput
        #expect((spans.interval, spans.completed.count, spans.failed.count) == (60, 60, 60))
        #expect(spans.completed.reduce(0, +) == 2)
        #expect(spans.failed.reduce(0, +) == 0)
    }

    @Test func `failures of all accounts are listed with their reasons, and nothing else is`() async throws {
        let failure = JobFailure(.invalidOutput, "The model did not produce a valid picture.")
        var api = try await TestAPI(.failure(failure), credits: "1", Self.admin)
        let admin = api.key
        let first = try await api.submit(#"{"prompt": "a secret"}"#)
        _ = try await api.end(of: first)
        let other = try #require(AccountID("other"))
        api.key = try await api.makeKey(for: other)
        _ = try await api.store.grant(Credits(microcredits: 1_000_000), to: other)
        let second = try await api.submit(#"{"prompt": "a secret"}"#)
        _ = try await api.end(of: second)
        api.key = admin
        let response = try await api.send(.get, "/v1/admin/failures")
        let failures = try response.snakeJSON(Requests.self).requests
        #expect(failures.map(\.requestId) == [second, first])
        #expect(failures.map(\.account) == ["other", "default"])
        #expect(failures.map(\.code) == ["invalid_output", "invalid_output"])
        #expect(failures.first?.error == failure.message)
        #expect(!response.text.contains("a secret"))
        #expect(try await api.send(.get, "/v1/admin/failures?limit=1").snakeJSON(Requests.self).requests.count == 1)
    }

    @Test func `requests of all accounts come in parts, without what they asked for`() async throws {
        let api = try await TestAPI(.away, credits: "1", Self.admin)
        var submitted: [String] = []
        for _ in 0..<5 { submitted.append(try await api.submit(#"{"prompt": "a secret"}"#)) }
        var listed: [String] = []
        var cursor = ""
        repeat {
            let response = try await api.send(.get, "/v1/admin/requests?limit=2\(cursor)")
            #expect(!response.text.contains("a secret"))
            let part = try response.snakeJSON(Requests.self)
            listed += part.requests.map(\.requestId)
            cursor = part.nextCursor.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(listed == submitted.reversed())
    }

    @Test(arguments: [
        "failures?limit=0", "requests?limit=101", "requests?cursor=x", "accounts?limit=x", "keys?account=!",
    ])
    func `a query that makes no sense is refused`(path: String) async throws {
        let response = try await TestAPI().send(.get, "/v1/admin/\(path)")
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).code == "invalid_parameter")
    }

    // Keys.

    @Test func `a key is made with its limits, and works at once`() async throws {
        var api = try await TestAPI(credits: "1", Self.admin)
        let response = try await api.post(
            #"""
            {"account": "studio", "scopes": ["read"], "expires_in": 3600, "requests_per_minute": 5,
             "spend_limit": 0.3, "spend_period": "day"}
            """#,
            to: "/v1/admin/keys"
        )
        #expect(response.status == .created)
        #expect(response.header("cache-control") == "no-store")
        let key = try response.snakeJSON(Key.self)
        #expect((key.account, key.state, key.scopes) == ("studio", "active", ["read"]))
        #expect((key.rateLimit?.requests, key.rateLimit?.period) == (5, 60))
        #expect((key.spendLimit?.amount, key.spendLimit?.period) == (0.3, "day"))
        #expect(key.expiresAt != nil)
        let listed = try await api.send(.get, "/v1/admin/keys?account=studio")
        #expect(try listed.snakeJSON(Keys.self).keys.map(\.id) == [key.id])
        let secret = try #require(key.key)
        #expect(!listed.text.contains(secret))
        api.key = secret
        #expect(try await api.send(.get, "/v1/get-user-credits").status == .ok)
        #expect(try await api.post("{}").status == .forbidden)
    }

    @Test func `a key without more words is one for making pictures`() async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        let key = try await api.post(#"{"account": "default"}"#, to: "/v1/admin/keys").snakeJSON(Key.self)
        #expect(key.scopes == ["generate", "read"])
        #expect(key.expiresAt == nil && key.rateLimit == nil && key.spendLimit == nil)
    }

    @Test(arguments: [
        (#"{}"#, "account"), (#"{"account": 5}"#, "account"), (#"{"account": "a b"}"#, "account"),
        (#"{"account": "a", "scopes": []}"#, "scopes"), (#"{"account": "a", "scopes": ["root"]}"#, "scopes"),
        (#"{"account": "a", "scopes": "read"}"#, "scopes"), (#"{"account": "a", "scope": ["read"]}"#, "scope"),
        (#"{"account": "a", "expires_in": 59}"#, "expires_in"),
        (#"{"account": "a", "expires_in": "1d"}"#, "expires_in"),
        (#"{"account": "a", "requests_per_minute": 0}"#, "requests_per_minute"),
        (#"{"account": "a", "spend_limit": -1}"#, "spend_limit"),
        (#"{"account": "a", "spend_limit": 0.0000001}"#, "spend_limit"),
        (#"{"account": "a", "spend_limit": 1, "spend_period": "year"}"#, "spend_period"),
        (#"{"account": "a", "spend_period": "day"}"#, "spend_period"),
    ])
    func `a key that cannot be made is refused by the field that is wrong`(body: String, field: String) async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        let response = try await api.post(body, to: "/v1/admin/keys")
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).field == field)
        #expect(try await api.store.keys(of: nil).count == 1)
    }

    @Test(arguments: ["", "[]", "{", "5", #"{"account""#])
    func `a body that is no object is refused`(body: String) async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        for path in ["/v1/admin/keys", "/v1/admin/accounts/default/credits"] {
            let response = try await api.post(body, to: path)
            #expect(response.status == .badRequest)
            #expect(try response.json(ErrorBody.self).code == "invalid_json")
        }
    }

    @Test func `a body that is too long is not read`() async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        let body = #"{"account": ""# + String(repeating: "a", count: 20_000) + #""}"#
        #expect(try await api.post(body, to: "/v1/admin/keys").status == .contentTooLarge)
    }

    @Test func `a revoked key stays listed and opens nothing`() async throws {
        var api = try await TestAPI(credits: "1", Self.admin)
        let admin = api.key
        let key = try await api.post(#"{"account": "default"}"#, to: "/v1/admin/keys").snakeJSON(Key.self)
        for _ in 0..<2 {
            let response = try await api.send(.delete, "/v1/admin/keys/\(key.id)")
            #expect(try response.snakeJSON(Key.self).state == "revoked")
        }
        api.key = key.key
        #expect(try await api.post("{}").status == .forbidden)
        api.key = admin
        let listed = try await api.send(.get, "/v1/admin/keys").snakeJSON(Keys.self).keys
        #expect(listed.map(\.state) == ["active", "revoked"])
    }

    @Test(arguments: ["0123456789abcdef", "x", "default"])
    func `a key that is not there cannot be revoked`(id: String) async throws {
        let response = try await TestAPI().send(.delete, "/v1/admin/keys/\(id)")
        #expect(response.status == .notFound)
        #expect(try response.json(ErrorBody.self).code == "unknown_key")
    }

    // Accounts.

    @Test func `credits are given and taken, never more than there are`() async throws {
        let api = try await TestAPI(.away, credits: "1", Self.admin)
        _ = try await api.submit()
        for (amount, credits) in [("2.5", 3.497), ("-0.000001", 3.496999), ("-1000", 0)] {
            let response = try await api.post(
                #"{"amount": \#(amount)}"#,
                to: "/v1/admin/accounts/default/credits"
            )
            #expect(response.status == .ok)
            let account = try response.snakeJSON(Account.self)
            #expect((account.account, account.credits, account.reserved) == ("default", credits, 0.003))
        }
    }

    @Test(arguments: [
        ("{}", "amount"), (#"{"amount": 0}"#, "amount"), (#"{"amount": 0.0000001}"#, "amount"),
        (#"{"amount": 2000000000}"#, "amount"), (#"{"amount": "much"}"#, "amount"), (#"{"amount": null}"#, "amount"),
        (#"{"amount": 1, "note": "x"}"#, "note"),
    ])
    func `an amount that makes no sense is refused`(body: String, field: String) async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        let response = try await api.post(body, to: "/v1/admin/accounts/default/credits")
        #expect(response.status == .badRequest)
        #expect(try response.json(ErrorBody.self).field == field)
        #expect(try await api.balance == Credits(microcredits: 1_000_000))
    }

    @Test(arguments: ["nobody", "a%20b"])
    func `an account that is not there gets nothing`(name: String) async throws {
        let response = try await TestAPI().post(#"{"amount": 1}"#, to: "/v1/admin/accounts/\(name)/credits")
        #expect(response.status == .notFound)
        #expect(try response.json(ErrorBody.self).code == "unknown_account")
    }

    @Test func `accounts are listed in parts`() async throws {
        let api = try await TestAPI(credits: "1", Self.admin)
        for name in ["b", "a", "c"] { _ = try await api.makeKey(for: try #require(AccountID(name))) }
        let first = try await api.send(.get, "/v1/admin/accounts?limit=3").snakeJSON(Accounts.self).accounts
        #expect(first.map(\.account) == ["a", "b", "c"])
        let rest = try await api.send(.get, "/v1/admin/accounts?after=c").snakeJSON(Accounts.self).accounts
        #expect(rest.map(\.account) == ["default"])
        #expect(rest.first?.credits == 1)
    }

    @Test func `where nobody needs a key, a page of another site still makes none`() async throws {
        let api = TestAPI()
        let body = #"{"account": "a"}"#
        let refused = try await api.post(body, to: "/v1/admin/keys", headers: [.origin: "https://evil.example"])
        #expect(refused.status == .forbidden)
        #expect(try await api.store.keys(of: nil).isEmpty)
        #expect(try await api.post(body, to: "/v1/admin/keys").status == .created)
    }
}

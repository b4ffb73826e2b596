// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging

/// Makes keys for operators, lists and revokes them.
struct AdminKeyController {
    let store: any JobStore & AccountStore

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        router.endpoint("/v1/admin/keys", [.get: gate(.admin, list), .post: gate(.admin, create)])
        router.endpoint("/v1/admin/keys/:id", [.delete: gate(.admin, revoke)])
    }

    /// What is known of all keys, or of one account's: never the keys themselves.
    @Sendable private func list(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        var account: AccountID?
        if let name = request.uri.queryParameters["account"] {
            account = AccountID(String(name))
            guard account != nil else { throw APIError(field: "account", "must be the name of an account") }
        }
        let keys = try await store.keys(of: account)
        return try answer(.ok, ["keys": keys.map { KeyResponse($0, at: store.now) }])
    }

    /// A new key, which is shown this once.
    @Sendable private func create(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        var request = request
        let order = try await KeyOrder(from: &request)
        let (key, secret) = try await store.createKey(for: order.account, order.settings(at: store.now))
        context.logger.notice("Key created", metadata: ["key": "\(key.id)", "of": "\(key.account)"])
        return try answer(.created, KeyResponse(key, at: store.now, secret: secret))
    }

    /// Ends a key for good; sending it again changes nothing.
    @Sendable private func revoke(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap(KeyID.init), let key = try await store.revokeKey(id) else {
            throw APIError(.unknownKey, "There is no key with this id.")
        }
        context.logger.notice("Key revoked", metadata: ["key": "\(key.id)", "of": "\(key.account)"])
        return try answer(.ok, KeyResponse(key, at: store.now))
    }

    private func answer(_ status: HTTPResponse.Status, _ body: some Encodable) throws -> Response {
        try Response(status: status, headers: [.cacheControl: "no-store"], json: body)
    }
}

/// What operators are told of a key.
private struct KeyResponse: Encodable {
    /// The key itself, once.
    let key: String?
    let id: String
    let account: String
    /// `active`, `expired` or `revoked`.
    let state: String
    let scopes: [String]
    let createdAt: String
    let expiresAt: String?
    let revokedAt: String?
    let rateLimit: Rate?
    let spendLimit: Spend?

    /// How often the key may create requests.
    struct Rate: Encodable {
        let requests: Int
        /// In seconds.
        let period: Double
    }

    /// How much the key may spend.
    struct Spend: Encodable {
        let amount: Double
        let period: String
    }

    init(_ key: APIKey, at now: Timestamp, secret: KeySecret? = nil) {
        self.key = secret?.text
        id = key.id.description
        account = key.account.description
        state = key.revoked != nil ? "revoked" : key.isUsable(at: now) ? "active" : "expired"
        scopes = Scope.allCases.filter(key.settings.scopes.contains).map(\.rawValue)
        createdAt = key.created.iso8601
        expiresAt = key.settings.expires?.iso8601
        revokedAt = key.revoked?.iso8601
        rateLimit = key.settings.rateLimit.map { Rate(requests: $0.requests, period: $0.period.seconds) }
        spendLimit = key.settings.spendLimit.map { Spend(amount: $0.amount.value, period: $0.period.rawValue) }
    }

    enum CodingKeys: String, CodingKey {
        case key, id, account, state, scopes
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
        case rateLimit = "rate_limit"
        case spendLimit = "spend_limit"
    }
}

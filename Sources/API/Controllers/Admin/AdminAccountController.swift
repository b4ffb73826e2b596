// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging

/// Shows operators the accounts, and gives them credits.
struct AdminAccountController {
    let store: any AccountStore

    static let maxPage = 100

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        router.endpoint("/v1/admin/accounts", [.get: gate(.admin, list)])
        router.endpoint("/v1/admin/accounts/:account/credits", [.post: gate(.admin, grant)])
    }

    /// The accounts in the order of their names; `after` is the last one of the part before.
    @Sendable private func list(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let limit = try request.number("limit", in: 1...Self.maxPage) ?? Self.maxPage
        var last: AccountID?
        if let name = request.uri.queryParameters["after"] {
            last = AccountID(String(name))
            guard last != nil else { throw APIError(field: "after", "must be the name of an account") }
        }
        let accounts = try await store.accounts(after: last, limit: limit)
        return try answer(["accounts": accounts.map(AccountResponse.init)])
    }

    /// Credits for an account, or from it for a negative amount: never more than it has.
    @Sendable private func grant(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        var request = request
        let order = try await GrantOrder(from: &request)
        guard let id = context.parameters.get("account").flatMap(AccountID.init), try await store.account(id) != nil
        else { throw APIError(.unknownAccount, "There is no account of this name. Making a key for it opens it.") }
        let account = try await store.grant(order.amount, to: id)
        context.logger.notice("Credits granted", metadata: ["to": "\(id)", "amount": "\(order.amount)"])
        return try answer(AccountResponse(account))
    }

    private func answer(_ body: some Encodable) throws -> Response {
        try Response(status: .ok, headers: [.cacheControl: "no-store"], json: body)
    }
}

/// What operators are told of an account.
private struct AccountResponse: Encodable {
    let account: String
    let createdAt: String
    /// Credits that can be spent, and those set aside for requests that are not over.
    let credits: Double
    let reserved: Double

    init(_ account: Account) {
        self.account = account.id.description
        createdAt = account.created.iso8601
        credits = account.available.value
        reserved = account.reserved.value
    }

    enum CodingKeys: String, CodingKey {
        case account, credits, reserved
        case createdAt = "created_at"
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Tells callers what their account has, and how to check what they are sent.
struct AccountController {
    let store: any AccountStore

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        router.endpoint("/v1/get-user-credits", [.get: gate(.read, credits)])
        router.endpoint("/v1/webhooks/secret", [.get: gate(.read, webhookSecret)])
    }

    @Sendable private func credits(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let account = try await account(of: caller)
        return try Response(
            status: .ok,
            headers: [.cacheControl: "no-store", .remainingCredits: "\(account.available)"],
            json: CreditsResponse(credits: account.available.value)
        )
    }

    @Sendable private func webhookSecret(
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller
    ) async throws -> Response {
        let secret = try await account(of: caller).webhookSecret
        return try Response(
            status: .ok,
            headers: [.cacheControl: "no-store"],
            json: ["secret": WebhookMessage.text(of: secret)]
        )
    }

    private func account(of caller: Caller) async throws -> Account {
        guard let account = try await store.account(caller.account) else {
            throw StoreError.unknownAccount(caller.account)
        }
        return account
    }
}

/// The hosted service's words: it also gives credits away.
private struct CreditsResponse: Encodable {
    let credits: Double
    let freeCredits = 0.0

    enum CodingKeys: String, CodingKey {
        case credits
        case freeCredits = "free-credits"
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging

/// Lets those in who may use a route, before anything of a request but its head is read.
struct Gate: Sendable {
    typealias Handler = @Sendable (Request, APIRequestContext, Caller) async throws -> Response

    let accounts: any AccountStore
    let auth: APIConfiguration.Auth
    /// How keys may be presented in `Authorization`, the usual way first.
    var schemes = [AuthorizationScheme.bearer]

    /// The same gate for clients that present keys in other ways.
    func accepting(_ schemes: [AuthorizationScheme]) -> Gate {
        Gate(accounts: accounts, auth: auth, schemes: schemes)
    }

    /// A handler that answers callers with this scope, and refuses all others.
    func callAsFunction(_ scope: Scope, _ handler: @escaping Handler) -> Router<APIRequestContext>.Endpoint {
        { request, context in
            let caller = try await admit(request, for: scope)
            var context = context
            context.logger[metadataKey: "account"] = "\(caller.account)"
            return try await handler(request, context, caller)
        }
    }

    private func admit(_ request: Request, for scope: Scope) async throws -> Caller {
        guard auth == .keys else { return .anonymous }
        let presented = KeySecret(presentedIn: request.headers, by: schemes)
        // No key and an unknown key take the same path, and the same time.
        switch try await accounts.authenticate(presented) {
        case .accepted(let key):
            guard key.settings.scopes.contains(scope) else {
                throw APIError(
                    .insufficientScope,
                    "This API key may not do this: it lacks the scope '\(scope.rawValue)'."
                )
            }
            return Caller(account: key.account, key: key.id)
        case .disabled:
            throw APIError(.keyDisabled, "This API key was revoked or has expired.")
        case .unknown:
            var error =
                presented == nil
                ? APIError(.missingAPIKey, "An API key is needed, in the header x-api-key or as a bearer token.")
                : APIError(.invalidAPIKey, "The API key is not valid.")
            error.headers[.wwwAuthenticate] = schemes.first?.challenge
            throw error
        }
    }
}

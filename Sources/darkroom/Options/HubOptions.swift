// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ModelHub

/// Which hub to ask, and as whom.
struct HubOptions: ParsableArguments {
    private static let endpointKey = "HF_ENDPOINT"
    /// From the environment only: command lines are seen by others.
    private static let tokenKey = "HF_TOKEN"

    @Option(
        help: ArgumentHelp(
            "The hub's address (default: $\(endpointKey), or \(HubEndpoint.defaultAddress)).",
            valueName: "url"
        )
    )
    var endpoint: String?

    func validate() throws {
        _ = try hub()
    }

    /// The hub's address and the token for it.
    ///
    /// Throws `ValidationError` for an address that is none, and rather than send a token unencrypted.
    func hub() throws -> (endpoint: HubEndpoint, token: HubToken?) {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        let origin = endpoint == nil ? Self.endpointKey : "--endpoint"
        let address = endpoint ?? environment[Self.endpointKey] ?? HubEndpoint.defaultAddress
        guard let endpoint = HubEndpoint(address) else {
            throw ValidationError(
                "\(origin) must be an address such as \(HubEndpoint.defaultAddress). Given: \(address)"
            )
        }
        guard let secret = environment[Self.tokenKey] else { return (endpoint, nil) }
        guard let token = HubToken(secret.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ValidationError("\(Self.tokenKey): has characters in it that no token has")
        }
        guard endpoint.isPrivate else {
            throw ValidationError("\(origin): the token in \(Self.tokenKey) is not sent unencrypted; use https")
        }
        return (endpoint, token)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Tells clients what this server takes: whatever a form must know before it asks for pictures.
struct ConfigController {
    let configuration: APIConfiguration

    func addRoutes(to router: Router<APIRequestContext>) {
        router.endpoint("/v1/config", [.get: config])
    }

    @Sendable private func config(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try Response(status: .ok, headers: [.cacheControl: "no-cache"], json: ConfigResponse(configuration))
    }
}

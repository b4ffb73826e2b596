// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// Takes requests for pictures, and answers with the pictures or with where to ask for them.
struct GenerationController {
    let service: GenerationService
    let answers: JobAnswers

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        for endpoint in GenerationEndpoint.allCases {
            router.endpoint(
                "/v1/\(endpoint.rawValue)",
                [
                    .post: gate(.generate) { request, context, caller in
                        let preferences = Preferences(request.headers)
                        return preferences.answersLater
                            ? try await submit(endpoint, request, context, caller, status: .accepted)
                            : try await generate(endpoint, request, context, caller, preferences)
                    }
                ]
            )
            router.endpoint(
                "/v2/\(endpoint.rawValue)",
                [
                    .post: gate(.generate) { request, context, caller in
                        try await submit(endpoint, request, context, caller, status: .ok)
                    }
                ]
            )
        }
        for path in ["/v1/:model", "/v2/:model"] as [RouterPath] {
            router.post(path) { _, _ -> Response in
                let names = GenerationEndpoint.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.unknownModel, "There is no such model. Models of this server: \(names).")
            }
        }
    }

    /// From a body to a job: answers with its addresses.
    private func submit(
        _ endpoint: GenerationEndpoint,
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller,
        status: HTTPResponse.Status
    ) async throws -> Response {
        var request = request
        var order = try await service.orders.order(endpoint, from: &request, answersLater: true)
        let receipt = try await service.submit(&order, for: caller, context)
        return try await pending(receipt, at: order.base, status: status)
    }

    /// From a body to pictures: read it, check it, have them made, answer.
    private func generate(
        _ endpoint: GenerationEndpoint,
        _ request: Request,
        _ context: APIRequestContext,
        _ caller: Caller,
        _ preferences: Preferences
    ) async throws -> Response {
        let clock = ContinuousClock()
        let arrived = clock.now
        var request = request
        var order = try await service.orders.order(endpoint, from: &request, answersLater: false)
        let receipt = try await service.finish(
            &order,
            for: caller,
            context,
            keepsOnDisconnect: preferences.keepsOnDisconnect
        )
        guard case .ended(let end) = receipt.job.lifecycle.state else {
            // The server shuts down. The job goes on, and its pictures can be asked for.
            return try await pending(receipt, at: order.base, status: .accepted)
        }
        if let error = APIError(end) { throw error }
        return try await answers.pictures(receipt, order, totalTime: clock.now - arrived)
    }

    private func pending(
        _ receipt: JobSubmitter.Receipt,
        at base: PublicBaseURL,
        status: HTTPResponse.Status
    ) async throws -> Response {
        var headers = try await answers.headers(of: receipt)
        if status == .accepted { headers[.preferenceApplied] = "respond-async" }
        // As it is now: its record also says how many come before. It may be over, and even forgotten, by now.
        var job = receipt.job
        if case .found(let current) = try await service.store.job(job.id, of: job.account) { job = current }
        return try Response(status: status, headers: headers, json: JobStatusResponse(job, base: base))
    }
}

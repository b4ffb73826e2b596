// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging

/// Takes requests for pictures, and answers with the pictures or with where to ask for them.
struct GenerationController {
    let configuration: APIConfiguration
    let store: any JobStore
    let orders: GenerationOrderReader
    let answers: JobAnswers
    let waits: WaitLimit
    private let sharedWaits = SharedWaits()

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
        let order = try await orders.order(endpoint, from: &request, answersLater: true)
        let receipt = try await submitter.submit(order, for: caller, as: context.jobID)
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
        let order = try await orders.order(endpoint, from: &request, answersLater: false)
        var receipt = try await submitter.submit(order, for: caller, as: context.jobID)
        let place = try placeToWait(for: receipt, caller)
        receipt.job = try await outcome(of: receipt, context, caller, preferences)
        withExtendedLifetime(place) {}
        guard case .ended(let end) = receipt.job.lifecycle.state else {
            // The server shuts down. The job goes on, and its pictures can be asked for.
            return try await pending(receipt, at: order.base, status: .accepted)
        }
        if let error = APIError(end) { throw error }
        return try await answers.pictures(receipt, order, totalTime: clock.now - arrived)
    }

    /// The job once it is over; it is cancelled when all who wait for it are gone.
    private func outcome(
        of receipt: JobSubmitter.Receipt,
        _ context: APIRequestContext,
        _ caller: Caller,
        _ preferences: Preferences
    ) async throws -> Job {
        let id = receipt.job.id
        let watcher = JobWatcher(store: store)
        let isCounted =
            !preferences.keepsOnDisconnect && sharedWaits.enter(id, isRepetition: receipt.isRepetition)
        do {
            let job = try await context.whileCallerWaits { [drainPatience = configuration.drainPatience] in
                try await watcher.job(id, of: caller.account, onceEndedWithin: nil, drainPatience: drainPatience)
            }
            if isCounted { _ = sharedWaits.leave(id) }
            return job
        } catch {
            let isUnwanted = isCounted && sharedWaits.leave(id)
            if error is CallerLeft, isUnwanted {
                _ = try await store.cancel(id, of: caller.account)
                context.logger.info("Request cancelled because its caller left", metadata: ["job": "\(id)"])
            }
            throw error
        }
    }

    /// Repetitions cost nothing, so no more of them wait than anyone may.
    private func placeToWait(for receipt: JobSubmitter.Receipt, _ caller: Caller) throws -> WaitLimit.Place? {
        guard receipt.isRepetition, !receipt.job.lifecycle.isEnded else { return nil }
        guard let place = waits.enter(caller) else { throw APIError.idempotencyInProgress }
        return place
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
        if case .found(let current) = try await store.job(job.id, of: job.account) { job = current }
        return try Response(status: status, headers: headers, json: JobStatusResponse(job, base: base))
    }

    private var submitter: JobSubmitter { JobSubmitter(store: store, configuration: configuration) }
}

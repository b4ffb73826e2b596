// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging
import ServiceLifecycle

/// Tells operators and their probes how the service is.
struct HealthController {
    let statistics: SharedStatistics

    /// How long the store may take: less than probes wait.
    static let patience = Duration.seconds(2)

    func addRoutes(to router: Router<APIRequestContext>) {
        router.endpoint("/health", [.get: health])
        router.endpoint("/ready", [.get: ready])
    }

    /// Always 200, with the state: a server that can say what it does is alive.
    @Sendable private func health(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try answer(.ok, await response(context))
    }

    /// 200 when a request sent now would be taken, else 503.
    @Sendable private func ready(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let response = await response(context)
        return try answer(response.status.takesRequests ? .ok : .serviceUnavailable, response)
    }

    private func response(_ context: APIRequestContext) async -> HealthResponse {
        do {
            return HealthResponse(try await statistics.current(within: Self.patience))
        } catch {
            context.logger.error("The store cannot be read", metadata: ["error": "\(error)"])
            return HealthResponse(status: .failing)
        }
    }

    private func answer(_ status: HTTPResponse.Status, _ response: HealthResponse) throws -> Response {
        try Response(status: status, headers: [.cacheControl: "no-store"], json: response)
    }
}

private struct HealthResponse: Encodable {
    let status: ServiceState
    var queued: Int?
    var running: Int?
    var workers: Int?

    init(status: ServiceState) {
        self.status = status
    }

    init(_ statistics: QueueStatistics) {
        status = ServiceState(statistics, isDraining: Task.isShuttingDownGracefully)
        queued = statistics.queued
        running = statistics.leased
        workers = statistics.workers.values.reduce(0, +)
    }
}

/// What the service does, by the words `GET /health` says.
enum ServiceState: String, Encodable, CaseIterable {
    /// No worker is up; the next request starts one.
    case cold
    /// Workers load the model.
    case starting
    /// A worker waits for a request.
    case ready
    /// Every worker makes pictures.
    case busy
    /// Finishing what runs and taking no more.
    case draining
    /// The store does not answer.
    case failing

    /// What the numbers mean.
    init(_ statistics: QueueStatistics, isDraining: Bool) {
        let isUp = { (state: WorkerState) in statistics.workers[state, default: 0] > 0 }
        self =
            if isDraining {
                .draining
            } else if isUp(.ready) {
                .ready
            } else if isUp(.busy) {
                .busy
            } else if isUp(.starting) || statistics.queued > 0 {
                .starting
            } else {
                .cold
            }
    }

    /// Whether a request sent now would be taken.
    var takesRequests: Bool {
        switch self {
        case .cold, .starting, .ready, .busy: true
        case .draining, .failing: false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging
import Monitoring

/// Tells Prometheus what is counted here, and what the store says at the moment.
struct MetricsController {
    let statistics: SharedStatistics
    let registry: MetricRegistry
    let access: APIConfiguration.MetricsAccess

    func addRoutes(to router: Router<APIRequestContext>, behind gate: Gate) {
        switch access {
        case .open: router.endpoint("/metrics", [.get: metrics])
        case .admin:
            router.endpoint(
                "/metrics",
                [.get: gate(.admin) { request, context, _ in try await metrics(request, context) }]
            )
        }
    }

    @Sendable private func metrics(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        do {
            observe(try await statistics.current(within: HealthController.patience))
        } catch {
            // What is counted here is worth the more when the store does not answer; of it nothing is said then.
            context.logger.error("The store cannot be read", metadata: ["error": "\(error)"])
            for name in Self.gauges { registry.clear(name) }
        }
        return Response(metrics: registry)
    }

    private static let gauges = [
        "darkroom_jobs_queued", "darkroom_jobs_running", "darkroom_queue_oldest_seconds", "darkroom_workers",
        "darkroom_credits_revenue",
    ]

    private func observe(_ statistics: QueueStatistics) {
        func set(_ metric: String, labels: [String: String] = [:], _ value: Double) {
            registry.take(Observation(metric, labels: labels, value: value))
        }
        set("darkroom_jobs_queued", Double(statistics.queued))
        set("darkroom_jobs_running", Double(statistics.leased))
        set("darkroom_queue_oldest_seconds", statistics.oldestAge?.seconds ?? 0)
        for state in WorkerState.allCases {
            set("darkroom_workers", labels: ["state": state.rawValue], Double(statistics.workers[state, default: 0]))
        }
        set("darkroom_credits_revenue", statistics.revenue.value)
    }
}

extension Response {
    /// Everything that is counted, for Prometheus.
    init(metrics registry: MetricRegistry) {
        self.init(
            status: .ok,
            headers: [.cacheControl: "no-store"],
            contentType: "text/plain; version=0.0.4; charset=utf-8",
            bytes: Array(registry.text.utf8)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import HummingbirdCore
package import Jobs
package import Logging
package import Monitoring
import NIOCore

/// The HTTP service in front of `store`, ready to run.
///
/// Workers on the same store make the pictures; a ``WebhookSender`` sends the news of them.
///
/// - Parameters:
///   - configuration: How the service answers.
///   - store: Keeps jobs, pictures and accounts.
///   - metrics: What is counted, in this process and in those that tell it.
///   - logger: Gets one line a request: route, status and time, never a prompt.
///   - onServerRunning: Called once the port is open.
package func buildApplication(
    configuration: APIConfiguration,
    store: any JobStore & AccountStore & MaintenanceStore & WebhookStore,
    metrics: MetricRegistry = MetricRegistry(),
    logger: Logger = Logger(label: "darkroom.api"),
    onServerRunning: @escaping @Sendable () async -> Void = {}
) -> some ApplicationProtocol {
    let connections = ConnectionRegistry()
    let limits = ConnectionLimits(
        head: TimeAmount(configuration.headTimeout),
        body: TimeAmount(configuration.bodyTimeout),
        write: TimeAmount(configuration.writeTimeout)
    )
    var application = Application(
        router: buildRouter(configuration: configuration, store: store, metrics: metrics, connections: connections),
        server: .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionGuard(limits: limits, registry: connections)],
                idleTimeout: TimeAmount(configuration.idleTimeout)
            )
        ),
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "darkroom",
            availableConnectionsDelegate: MaximumAvailableConnections(configuration.maxConnections, logger: logger)
        ),
        onServerRunning: { _ in await onServerRunning() },
        logger: logger
    )
    if configuration.auth == .none {
        application.beforeServerStarts { _ = try await store.openAccount(.anonymous) }
    }
    return application
}

/// The routes of the HTTP service and what surrounds them.
func buildRouter(
    configuration: APIConfiguration,
    store: any JobStore & AccountStore & MaintenanceStore & WebhookStore,
    metrics: MetricRegistry = MetricRegistry(),
    connections: ConnectionRegistry
) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    // The outermost first: every answer gets an id and a log line, errors included.
    router.addMiddleware {
        ConnectionMiddleware(registry: connections)
        RequestIDMiddleware()
        RequestLogMiddleware()
        MetricsMiddleware()
        ErrorMiddleware()
        if configuration.auth == .none { CrossSiteMiddleware(publicBaseURL: configuration.publicBaseURL) }
    }
    let gate = Gate(accounts: store, auth: configuration.auth)
    let answers = JobAnswers(store: store)
    let allWaits = WaitLimit.Total(configuration.maxWaits)
    let waits = WaitLimit(configuration.maxWaitsPerKey, of: allWaits)
    let statistics = SharedStatistics(of: store)
    PageController().addRoutes(to: router)
    ConfigController(configuration: configuration).addRoutes(to: router)
    OpenAPIController(configuration: configuration).addRoutes(to: router)
    HealthController(statistics: statistics).addRoutes(to: router)
    MetricsController(statistics: statistics, registry: metrics, access: configuration.metricsAccess)
        .addRoutes(to: router, behind: gate)
    ImageController(store: store, lifetime: configuration.imageLifetime).addRoutes(to: router)
    AccountController(store: store).addRoutes(to: router, behind: gate)
    AdminStatisticsController(store: store).addRoutes(to: router, behind: gate)
    AdminKeyController(store: store).addRoutes(to: router, behind: gate)
    AdminAccountController(store: store).addRoutes(to: router, behind: gate)
    RequestController(configuration: configuration, store: store, answers: answers, waits: waits)
        .addRoutes(to: router, behind: gate)
    let service = GenerationService(
        configuration: configuration,
        store: store,
        orders: GenerationOrderReader(
            configuration: configuration,
            outbound: OutboundClient(policy: configuration.outbound)
        ),
        waits: waits,
        pictureWaits: WaitLimit(configuration.maxPictureWaitsPerKey, of: allWaits)
    )
    GenerationController(service: service, answers: answers).addRoutes(to: router, behind: gate)
    addSurfaces(to: router, behind: gate, service: service, answers: answers)
    return router
}

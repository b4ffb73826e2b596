// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import HummingbirdCore
package import Logging
package import Monitoring
import NIOCore

/// An HTTP service that tells Prometheus what is counted in a process that serves nothing else, ready to run.
package func buildMetricsApplication(
    host: String,
    port: Int,
    metrics: MetricRegistry,
    logger: Logger
) -> some ApplicationProtocol {
    let router = Router(options: .autoGenerateHeadEndpoints)
    router.get("/metrics") { _, _ in Response(metrics: metrics) }
    return Application(
        router: router,
        server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(60))),
        configuration: ApplicationConfiguration(
            address: .hostname(host, port: port),
            serverName: "darkroom",
            // Prometheus needs one, and a person who looks another.
            availableConnectionsDelegate: MaximumAvailableConnections(16, logger: logger)
        ),
        logger: logger
    )
}

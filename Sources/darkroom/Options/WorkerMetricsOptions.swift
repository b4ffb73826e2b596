// SPDX-License-Identifier: Apache-2.0

import API
import ArgumentParser
import Hummingbird
import Logging
import Monitoring

/// Where a worker that nobody supervises tells what it counts.
struct WorkerMetricsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve /metrics on this port (default: nowhere). What supervised workers count is on their server's.",
            valueName: "port"
        )
    )
    var metricsPort: Int?

    @Option(help: ArgumentHelp("The address to serve /metrics on.", valueName: "address"))
    var metricsHost = "127.0.0.1"

    static let settings = ["metrics-port", "metrics-host"].map { Setting(name: $0) }

    func validate() throws {
        guard metricsPort.map({ (1...65_535).contains($0) }) ?? true else {
            throw ValidationError("--metrics-port must be between 1 and 65535. Given: \(metricsPort ?? 0)")
        }
    }

    /// The service that tells what `metrics` has; `nil` when nobody asked for one.
    func application(_ metrics: MetricRegistry) -> (any ApplicationProtocol)? {
        metricsPort.map { port in
            buildMetricsApplication(
                host: metricsHost,
                port: port,
                metrics: metrics,
                logger: Logger(label: "darkroom.metrics")
            )
        }
    }
}

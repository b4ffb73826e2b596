// SPDX-License-Identifier: Apache-2.0

import API
import ArgumentParser
import CoreMetrics
import Foundation
import Hummingbird
import Jobs
import Logging
import Monitoring
import NIOCore
import ServiceLifecycle
import StableDiffusion
import Supervisor
import UnixSignals

/// Serves the HTTP API, and supervises the workers that make the pictures.
struct Serve: AsyncParsableCommand, ConfigurableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the HTTP API.",
        discussion: """
            Every option may also come from the environment (DARKROOM_MAX_WORKERS=2) or from the file that --config names \
            ({"max-workers": 2}); the command line counts most, the file least.
            """
    )

    @OptionGroup(title: "HTTP") var http: HTTPOptions
    @OptionGroup(title: "Jobs") var storeOptions: StoreOptions
    @OptionGroup(title: "Workers") var workerOptions: WorkerOptions
    @OptionGroup(title: "Model") var modelOptions: ModelOptions
    @OptionGroup(title: "Model") var deviceOptions: DeviceOptions
    @OptionGroup(title: "Model") var cacheOptions: CacheOptions
    @OptionGroup(title: "Log") var logOptions: LogOptions

    @Option(help: "The most worker processes at a time; 0 if workers are started by somebody else.")
    var maxWorkers = 1

    @Option(help: "Credits of the account that is made on a database without keys.")
    var startingCredits = Credits(microcredits: 100_000_000)

    @Flag(help: "Make a key for the default account and print it, valid for a day, also where there are keys.")
    var printKey = false

    @Option(help: ArgumentHelp("A JSON file of settings.", valueName: "file"))
    var config: String?

    static let settings =
        HTTPOptions.settings + StoreOptions.settings + WorkerOptions.settings + ModelOptions.settings
        + DeviceOptions.settings + CacheOptions.settings + LogOptions.settings
        + ["max-workers", "starting-credits"].map { Setting(name: $0) }

    func validate() throws {
        guard (0...64).contains(maxWorkers) else {
            throw ValidationError("--max-workers must be between 0 and 64. Given: \(maxWorkers)")
        }
        guard startingCredits >= .zero else {
            throw ValidationError("--starting-credits must not be negative. Given: \(startingCredits)")
        }
    }

    func run() async throws {
        // A model that cannot be loaded is found out now, not by the first job.
        let nativeSize = try modelOptions.source().nativeSize
        logOptions.bootstrap()
        let logger = Logger(label: "darkroom.server")
        let metrics = MetricRegistry()
        MetricsSystem.bootstrap(ObservingMetrics { metrics.take($0) })
        let store = try await storeOptions.open()
        let configuration = http.configuration(
            nativeSize: nativeSize,
            imageLifetime: storeOptions.imageLifetime.duration
        )
        let welcome = Welcome(configuration: configuration, startingCredits: startingCredits, alwaysMakesKey: printKey)
        let application = buildApplication(
            configuration: configuration,
            store: store,
            metrics: metrics,
            logger: Logger(label: "darkroom.api"),
            onServerRunning: {
                do {
                    Terminal.write(try await welcome.text(store))
                } catch {
                    logger.error("No key could be made", metadata: ["error": "\(error)"])
                }
            }
        )
        let workerCommand = workerCommand { metrics.take($0) }
        let supervisor = WorkerSupervisor(
            store: store,
            fleet: WorkerFleet(limit: maxWorkers, jobsPerWorker: workerOptions.maxBatch),
            command: workerCommand,
            logger: logger
        )
        // They stop in reverse: first nothing more is taken in, then the workers drain.
        var services = ServiceGroupConfiguration(
            services: [supervisor, WebhookSender(store: store, configuration: configuration), application],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: .lifecycle
        )
        services.maximumGracefulShutdownDuration =
            configuration.drainPatience + workerCommand.stopTimeout + .seconds(5)
        do {
            try await ServiceGroup(configuration: services).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure(
                subject: "\(http.host):\(http.port)",
                reason: "another program listens there; choose another --port"
            )
        }
    }

    /// How a worker is started that works for this server.
    private func workerCommand(observe: @escaping @Sendable (Observation) -> Void) -> WorkerCommand {
        let arguments =
            storeOptions.arguments + workerOptions.arguments + modelOptions.arguments + deviceOptions.arguments
            + cacheOptions.arguments + logOptions.arguments
        return WorkerCommand(
            executable: Bundle.main.executablePath ?? CommandLine.arguments[0],
            environment: storeOptions.environment,
            // Beyond its own bound a worker may have an evaluation to finish.
            stopTimeout: workerOptions.drainTimeout.duration + .seconds(10),
            observe: observe
        ) { worker in
            ["worker", "--supervised", "--worker-id=\(worker)"] + arguments
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

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
import UnixSignals
import Worker

/// Makes the pictures of the jobs in a store.
struct RunWorker: AsyncParsableCommand, ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Make the pictures of a service's jobs; serve starts workers by itself.",
        discussion: "Options may come from elsewhere as those of serve may; give a service's processes the same."
    )

    @OptionGroup(title: "Jobs") var storeOptions: StoreOptions
    @OptionGroup(title: "Worker") var workerOptions: WorkerOptions
    @OptionGroup(title: "Model") var modelOptions: ModelOptions
    @OptionGroup(title: "Model") var deviceOptions: DeviceOptions
    @OptionGroup(title: "Model") var cacheOptions: CacheOptions
    @OptionGroup(title: "Metrics") var metricsOptions: WorkerMetricsOptions
    @OptionGroup(title: "Log") var logOptions: LogOptions

    @Option(help: ArgumentHelp("What the store knows this worker by (default: a new name).", valueName: "name"))
    var workerID: String?

    @Flag(help: ArgumentHelp("Stop when standard input ends, as it does with the process that started this one."))
    var supervised = false

    @Option(help: ArgumentHelp("A JSON file of settings; those for serve alone have no effect.", valueName: "file"))
    var config: String?

    static let settings =
        StoreOptions.settings + WorkerOptions.settings + ModelOptions.settings + DeviceOptions.settings
        + CacheOptions.settings + WorkerMetricsOptions.settings + LogOptions.settings

    func run() async throws {
        let started = ProcessStart()
        let source = try modelOptions.source()
        logOptions.bootstrap()
        // Nobody but the supervisor reads what a worker prints; when it is gone, the worker has jobs to give back.
        signal(SIGPIPE, SIG_IGN)
        // Loading can take minutes, and there is nothing to give back yet. The first process of a container, for whom a
        // signal without a handler is none, would go on and take jobs.
        for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
        let metricsService = bootstrapMetrics()
        let id = workerID.map { WorkerID($0) } ?? WorkerID()
        var logger = Logger(label: "darkroom.worker")
        logger[metadataKey: "worker"] = "\(id)"
        let store = try await storeOptions.open()
        try await store.announce(id, .starting)
        let model = try modelOptions.load(source, cache: cacheOptions, on: deviceOptions.open(cache: cacheOptions))
        // Says on standard error if a packed file that is being written cannot be finished.
        Thread.detachNewThread { [origin = model.packedOrigin] in _ = PackedWeightsReport(waitingFor: origin) }
        let engine = PictureEngine(modelName: modelOptions.name, model: model)
        let worker = WorkerService(
            settings: workerOptions.settings(id: id, policy: storeOptions.policy),
            store: store,
            engine: engine,
            started: started,
            logger: logger
        )
        // They stop in reverse: what the worker counts at its end can still be asked for.
        let services =
            metricsService.map { [ServiceGroupConfiguration.ServiceConfiguration(service: $0)] } ?? []
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services + [.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: .lifecycle
            )
        )
        if supervised {
            Self.whenStandardInputEnds { Task { await group.triggerGracefulShutdown() } }
        }
        do {
            try await group.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure(
                subject: "--metrics-port \(metricsOptions.metricsPort ?? 0)",
                reason: "another program listens there; choose another port"
            )
        }
    }

    /// Has what is counted go to the supervisor or be kept here; returns the service that then tells it, if there is one.
    private func bootstrapMetrics() -> (any ApplicationProtocol)? {
        guard !supervised else {
            // A port in the environment is meant for others: all workers of a server would share it.
            MetricsSystem.bootstrap(ObservingMetrics(ObservationLines.writer(to: .standardOutput)))
            return nil
        }
        let metrics = MetricRegistry()
        MetricsSystem.bootstrap(ObservingMetrics { metrics.take($0) })
        return metricsOptions.application(metrics)
    }

    private static func whenStandardInputEnds(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            _ = try? FileHandle.standardInput.readToEnd()
            body()
        }
    }
}

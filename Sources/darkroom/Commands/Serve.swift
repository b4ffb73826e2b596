// SPDX-License-Identifier: Apache-2.0

import API
import ArgumentParser
import Foundation
import Hummingbird
import Jobs
import Logging
import NIOCore
import ServiceLifecycle
import StableDiffusion
import UnixSignals
import Worker

/// Serves the HTTP API.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve the HTTP API.")

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var cacheOptions: CacheOptions

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on.")
    var port = 8080

    @Option(
        help:
            "json: a JSON answer unless Accept asks for a picture; image: one picture without base64 is always raw bytes."
    )
    var responseMode = APIConfiguration.ResponseMode.json

    @Option(help: "How many requests may wait for the engine; more are answered with 429.")
    var maxWaiting = 16

    @Option(help: ArgumentHelp("Where callers reach the server, if a proxy stands before it.", valueName: "url"))
    var publicURL: String?

    func validate() throws {
        guard publicURL.map({ PublicBaseURL($0) != nil }) ?? true else {
            throw ValidationError("--public-url must be an http or https URL. Given: \(publicURL ?? "")")
        }
        guard maxWaiting >= 0 else {
            throw ValidationError("--max-waiting must not be negative. Given: \(maxWaiting)")
        }
        guard (1...65535).contains(port) else {
            throw ValidationError("--port must be between 1 and 65535. Given: \(port)")
        }
    }

    func run() async throws {
        let source = try modelOptions.source()
        let model = try modelOptions.load(source, cache: cacheOptions, on: deviceOptions.device())
        // Says on standard error if a packed file that is being written cannot be finished.
        Thread.detachNewThread { [origin = model.packedOrigin] in _ = PackedWeightsReport(waitingFor: origin) }
        let engine = PictureEngine(modelName: modelOptions.name, model: model)
        let native = source.nativeSize
        var configuration = APIConfiguration(defaults: GenerationDefaults(width: native, height: native))
        configuration.host = host
        configuration.port = port
        configuration.responseMode = responseMode
        configuration.publicBaseURL = publicURL.flatMap { PublicBaseURL($0) }
        let logger = Logger(label: "darkroom")
        let welcome = Welcome(host: host, port: port, size: native)
        let application = buildApplication(
            configuration: configuration,
            generator: SerialImageGenerator(InProcessGenerator(engine: engine), maxWaiting: maxWaiting),
            logger: logger,
            onServerRunning: { Terminal.write(welcome.text) }
        )
        var services = ServiceGroupConfiguration(
            services: [application],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // Pictures may take minutes; after this long they are cancelled, within one evaluation.
        services.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: services).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure(subject: "\(host):\(port)", reason: "another program listens there; choose another --port")
        }
    }
}

extension APIConfiguration.ResponseMode: ExpressibleByArgument {}

/// What is printed when the server starts: a request to paste.
struct Welcome {
    var host: String
    var port: Int
    var size: Int

    var text: String {
        let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        let address = reachable.contains(":") ? "[\(reachable)]" : reachable
        return """
            Darkroom serves http://\(address):\(port) — open it, or paste:

            curl http://\(address):\(port)/v1/sd2.1-txt2img \\
              --header 'Content-Type: application/json' --header 'Accept: image/png' --output picture.png \\
              --data '{"prompt": "calico cat wearing a cosmonaut suit, 3d render, pixar style, 8k, high resolution",
                       "scheduler": "DDIM", "num_inference_steps": 25, "guidance_scale": 7.5, "seed": 17123564234,
                       "img_width": \(size), "img_height": \(size)}'

            """
    }
}

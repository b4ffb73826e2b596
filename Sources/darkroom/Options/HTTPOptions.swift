// SPDX-License-Identifier: Apache-2.0

import API
import ArgumentParser
import Jobs

/// How the server answers.
struct HTTPOptions: ParsableArguments {
    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on.")
    var port = 8080

    @Option(help: "keys: callers need a key and pay; none: nobody does, on a loopback address only.")
    var auth = APIConfiguration.Auth.keys

    @Option(
        name: .customLong("metrics"),
        help: "Who may read /metrics: open: everybody; admin: keys with the scope admin."
    )
    var metricsAccess = APIConfiguration.MetricsAccess.open

    @Option(help: ArgumentHelp("Where callers reach the server, if a proxy stands before it.", valueName: "url"))
    var publicURL: String?

    @Option(
        help:
            "json: a JSON answer unless Accept asks for a picture; image: one picture without base64 is always raw bytes."
    )
    var responseMode = APIConfiguration.ResponseMode.json

    @Option(help: "The longest side of a picture that may be asked for, in pixels.")
    var maxSide = GenerationLimits().side.upperBound

    @Option(help: "The shortest side of a picture that may be asked for, in pixels.")
    var minSide = GenerationLimits().side.lowerBound

    @Option(help: "The most pictures of one request.")
    var maxSamples = GenerationLimits().samples.upperBound

    @Option(help: "The most steps of one request; also the default of requests, where it is below theirs.")
    var maxSteps = GenerationLimits().steps.upperBound

    @Option(help: "The longest request body, in bytes.")
    var maxBodyBytes = 32 << 20

    @Option(help: "How much there may be of all bodies that are being read, in bytes; more are told to come back.")
    var maxBodyMemory = 256 << 20

    @Option(help: "How many connections may be open; further ones wait.")
    var maxConnections = 900

    @Flag(
        inversion: .prefixedNo,
        help: "Let webhooks and reference pictures lead to this machine and private networks."
    )
    var allowPrivateAddresses = false

    @Flag(inversion: .prefixedNo, help: "Let webhooks and reference pictures be http, unencrypted.")
    var allowHTTP = false

    static let settings =
        [
            "host", "port", "auth", "metrics", "public-url", "response-mode", "max-side", "min-side", "max-samples",
            "max-steps",
            "max-body-bytes", "max-body-memory", "max-connections",
        ].map { Setting(name: $0) }
        + ["allow-private-addresses", "allow-http"].map { Setting(name: $0, isFlag: true) }

    func validate() throws {
        guard publicURL.map({ PublicBaseURL($0) != nil }) ?? true else {
            throw ValidationError("--public-url must be an http or https URL. Given: \(publicURL ?? "")")
        }
        for (option, value, range) in [
            ("--port", port, 1...65_535), ("--max-side", maxSide, 8...8192), ("--min-side", minSide, 8...8192),
            ("--max-samples", maxSamples, 1...100), ("--max-steps", maxSteps, 1...999),
            ("--max-body-bytes", maxBodyBytes, 1024...(1 << 30)),
            ("--max-body-memory", maxBodyMemory, 1024...(1 << 40)), ("--max-connections", maxConnections, 1...100_000),
        ] where !range.contains(value) {
            throw ValidationError(
                "\(option) must be between \(range.lowerBound) and \(range.upperBound). Given: \(value)"
            )
        }
        guard minSide <= maxSide else {
            throw ValidationError("--min-side must not be above --max-side. Given: \(minSide)")
        }
        guard maxBodyBytes <= maxBodyMemory else {
            throw ValidationError("--max-body-bytes must not be above --max-body-memory. Given: \(maxBodyBytes)")
        }
        guard auth == .keys || Self.isLoopback(host) else {
            throw ValidationError("--auth none is for loopback addresses only. Given: --host \(host)")
        }
    }

    /// How the service answers, for a model of this native size.
    func configuration(nativeSize: Int, imageLifetime: Duration) -> APIConfiguration {
        var configuration = APIConfiguration(defaults: GenerationDefaults(width: nativeSize, height: nativeSize))
        configuration.host = host
        configuration.port = port
        configuration.auth = auth
        configuration.metricsAccess = metricsAccess
        configuration.publicBaseURL = publicURL.flatMap { PublicBaseURL($0) }
        configuration.responseMode = responseMode
        configuration.limits.side = minSide...maxSide
        configuration.limits.samples = 1...maxSamples
        configuration.limits.steps = 1...maxSteps
        configuration.defaults = configuration.defaults.within(configuration.limits)
        configuration.maxBodyBytes = maxBodyBytes
        configuration.maxBodyMemory = maxBodyMemory
        configuration.maxConnections = maxConnections
        configuration.imageLifetime = imageLifetime
        configuration.outbound.allowsPrivateAddresses = allowPrivateAddresses
        configuration.outbound.allowsHTTP = allowHTTP
        return configuration
    }

    private static func isLoopback(_ host: String) -> Bool {
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1" || bytes.count == 4 && bytes[0] == 127 && !bytes.contains(nil)
    }
}

extension APIConfiguration.Auth: ExpressibleByArgument {}
extension APIConfiguration.MetricsAccess: ExpressibleByArgument {}
extension APIConfiguration.ResponseMode: ExpressibleByArgument {}

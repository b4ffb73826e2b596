// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Jobs

/// Which store serve and its workers work on, and by which rules.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The service's database, a file or a PostgreSQL database; made if it is not there.",
            valueName: "sqlite:path|postgresql://…"
        )
    )
    var database = StoreLocation.standard

    @Option(help: "How many jobs may wait; more are answered with 429.")
    var maxQueued = StorePolicy().maxQueued

    @Option(help: "How many of them may be one account's.")
    var maxQueuedPerAccount = StorePolicy().maxQueuedPerAccount

    @Option(help: ArgumentHelp("How long after its submission a job is given up.", valueName: "seconds"))
    var deadline = Seconds(StorePolicy().deadline)

    @Option(help: "How often a job is tried again after its worker was lost.")
    var retryLimit = StorePolicy().retryLimit

    @Option(help: ArgumentHelp("How long a worker keeps a job without a sign of life.", valueName: "seconds"))
    var leaseDuration = Seconds(StorePolicy().leaseDuration)

    @Option(
        help: ArgumentHelp(
            "How long a job of another size waits, at most, while running batches are filled up.",
            valueName: "seconds"
        )
    )
    var sizePatience = Seconds(StorePolicy().sizePatience)

    @Option(help: ArgumentHelp("How long a job's record can be read after its end.", valueName: "seconds"))
    var recordLifetime = Seconds(StorePolicy().recordLifetime)

    @Option(
        help: ArgumentHelp("How long a picture can be fetched; never less than its job's record.", valueName: "seconds")
    )
    var imageLifetime = Seconds(StorePolicy().imageLifetime)

    @Option(
        help: ArgumentHelp(
            "How many jobs a key without a rate of its own may create (default: any number).",
            valueName: "n/second|minute|hour|day"
        )
    )
    var rateLimit: RateLimit?

    static let settings = [
        "database", "max-queued", "max-queued-per-account", "deadline", "retry-limit", "lease-duration",
        "size-patience",
        "record-lifetime", "image-lifetime", "rate-limit",
    ].map { Setting(name: $0) }

    func validate() throws {
        for (option, value, least) in [
            ("--max-queued", maxQueued, 1), ("--max-queued-per-account", maxQueuedPerAccount, 1),
            ("--retry-limit", retryLimit, 0),
        ] where !(least...1_000_000).contains(value) {
            throw ValidationError("\(option) must be between \(least) and 1000000. Given: \(value)")
        }
        for (option, value) in [("--deadline", deadline), ("--lease-duration", leaseDuration)]
        where value.duration < .seconds(1) {
            throw ValidationError("\(option) must be at least 1 second. Given: \(value.argument)")
        }
    }

    /// The rules, for every process alike.
    var policy: StorePolicy {
        var policy = StorePolicy()
        policy.maxQueued = maxQueued
        policy.maxQueuedPerAccount = maxQueuedPerAccount
        policy.deadline = deadline.duration
        policy.retryLimit = retryLimit
        policy.leaseDuration = leaseDuration.duration
        policy.sizePatience = sizePatience.duration
        policy.recordLifetime = recordLifetime.duration
        policy.imageLifetime = imageLifetime.duration
        policy.defaultRateLimit = rateLimit
        return policy
    }

    /// Opens the store; makes it, and the default's directory, if need be.
    func open() async throws -> any Store {
        do {
            if database == .standard { try StoreLocation.makeStandardDirectory() }
            return try await database.open(policy: policy)
        } catch {
            throw Failure(subject: "--database \(database.redacted)", reason: "\(error)")
        }
    }

    /// What gives a worker the same store where that is no argument: everyone on the machine could read a password there.
    var environment: [String: String] {
        switch database {
        case .sqlite: [:]
        case .postgres: [StoreLocation.environmentKey: database.description]
        }
    }

    /// The options that give a worker the same rules, and the same store unless ``environment`` does.
    var arguments: [String] {
        (environment.isEmpty ? ["--database=\(database)"] : []) + [
            "--max-queued=\(maxQueued)", "--max-queued-per-account=\(maxQueuedPerAccount)",
            "--deadline=\(deadline.argument)", "--retry-limit=\(retryLimit)",
            "--lease-duration=\(leaseDuration.argument)", "--size-patience=\(sizePatience.argument)",
            "--record-lifetime=\(recordLifetime.argument)", "--image-lifetime=\(imageLifetime.argument)",
        ] + (rateLimit.map { ["--rate-limit=\($0.argument)"] } ?? [])
    }
}

extension StoreLocation {
    /// Where this user's programs keep what outlives them, by the XDG base directory specification.
    static let standard = StoreLocation.sqlite(path: standardPath)

    /// ``standard`` where a server has made it.
    static var existingStandard: StoreLocation? {
        FileManager.default.fileExists(atPath: standardPath) ? standard : nil
    }

    private static let standardPath = standardDirectory.appending(path: "darkroom.sqlite").path

    private static var standardDirectory: URL {
        let state = ProcessInfo.processInfo.environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let base = state.map { URL(filePath: $0) } ?? URL.homeDirectory.appending(path: ".local/state")
        return base.appending(path: "darkroom")
    }

    /// Makes the directory of ``standard``, for this user alone.
    static func makeStandardDirectory() throws {
        try FileManager.default.createDirectory(
            at: standardDirectory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }
}

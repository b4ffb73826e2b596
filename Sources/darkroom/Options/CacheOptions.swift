// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import StableDiffusion

/// Where packed weights are kept between processes.
struct CacheOptions: ParsableArguments {
    /// Names the directory where the option does not; empty means none.
    static let environmentKey = "DARKROOM_CACHE_DIRECTORY"

    @Option(
        help: ArgumentHelp(
            "Where packed weights are kept (default: $\(environmentKey), or darkroom/packed in the user's cache).",
            valueName: "dir"
        )
    )
    var cacheDirectory: String?

    @Flag(name: .customLong("no-cache"), help: "Pack the weights anew, into memory.")
    var isOff = false

    func validate() throws {
        guard cacheDirectory == nil || !isOff else {
            throw ValidationError("--no-cache and --cache-directory exclude each other")
        }
        guard cacheDirectory != "" else {
            throw ValidationError("--cache-directory must not be empty")
        }
    }

    /// The cache, if there is to be one and a place for it.
    var cache: PackedWeightCache? {
        isOff ? nil : directory.map { PackedWeightCache(directory: $0) }
    }

    private var directory: String? {
        if let cacheDirectory { return URL(filePath: cacheDirectory).path }
        let environment = ProcessInfo.processInfo.environment
        if let directory = environment[Self.environmentKey] {
            return directory.isEmpty ? nil : URL(filePath: directory).path
        }
        // The XDG base directory specification: a path that is not absolute does not count.
        let caches = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (caches ?? home.map { "\($0)/.cache" }).map { "\($0)/darkroom/packed" }
    }
}

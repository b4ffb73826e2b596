// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import StableDiffusion

/// Where packed weights are kept between processes.
struct CacheOptions: ParsableArguments {
    /// Names the directory where the option does not.
    static let environmentKey = "DARKROOM_CACHE_DIRECTORY"

    @Option(
        help: ArgumentHelp(
            "Where packed weights are kept (default: $\(environmentKey), or darkroom/packed in the user's cache); empty: nowhere.",
            valueName: "dir"
        )
    )
    var cacheDirectory: String?

    @Flag(name: .customLong("no-cache"), help: "Pack the weights anew, into memory, whatever directory is named.")
    var isOff = false

    static let settings = [Setting(name: "cache-directory")]

    /// The options that make a process look in the same place.
    var arguments: [String] {
        isOff ? ["--no-cache"] : cacheDirectory.map { ["--cache-directory=\($0)"] } ?? []
    }

    /// The cache, if there is to be one and a place for it.
    var cache: PackedWeightCache? {
        directory.map { PackedWeightCache(directory: $0) }
    }

    /// Where things are kept between processes, if anywhere.
    var directory: String? {
        if isOff { return nil }
        let environment = ProcessInfo.processInfo.environment
        if let directory = cacheDirectory ?? environment[Self.environmentKey] {
            return directory.isEmpty ? nil : URL(filePath: directory).path
        }
        // The XDG base directory specification: a path that is not absolute does not count.
        let caches = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (caches ?? home.map { "\($0)/.cache" }).map { "\($0)/darkroom/packed" }
    }
}

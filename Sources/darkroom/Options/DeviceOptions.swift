// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Tensor

/// How the engine computes.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to compute: cpu, or an NVIDIA GPU: cuda, or cuda:1 for the second one.",
            valueName: "cpu|cuda|cuda:N"
        )
    )
    var device = DeviceName.cpu

    @Option(
        name: .customLong("dtype"),
        help: ArgumentHelp(
            "float32 (the reference), bfloat16 (half the memory, and faster), or int8 (linear layers of 8-bit integers: faster still, less exact; cpu only).",
            valueName: "type"
        )
    )
    var arithmetic = Arithmetic.bfloat16

    @Flag(
        name: .customLong("fast"),
        inversion: .prefixedNo,
        help:
            "Larger Winograd tiles for convolutions of bfloat16: faster, less exact. Changes nothing on processors that multiply float32 faster."
    )
    var isFast = false

    @Option(help: "Processor threads; the result does not depend on it.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    static let settings =
        ["device", "dtype", "threads"].map { Setting(name: $0) } + [Setting(name: "fast", isFlag: true)]

    /// The options that make a process compute the same.
    var arguments: [String] {
        // All of them, since what a process inherits in its environment counts where an option is missing.
        let fast = isFast ? "--fast" : "--no-fast"
        return ["--device=\(device)", "--dtype=\(arithmetic.rawValue)", "--threads=\(threads)", fast]
    }

    func validate() throws {
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads must be between 1 and 1024. Given: \(threads)")
        }
        if device != .cpu, arithmetic == .int8 {
            throw ValidationError("--dtype: int8 is for --device cpu; a GPU computes float32 or bfloat16")
        }
    }

    /// Opens the device.
    ///
    /// - Parameter cache: where a GPU's compiled kernels are kept.
    func open(cache: CacheOptions? = nil) throws -> any Device {
        switch device {
        case .cpu:
            return CPUDevice(arithmetic, threads: threads, isFast: isFast)
        case .cuda(let ordinal):
            do {
                return try CUDADevice(
                    arithmetic,
                    ordinal: ordinal,
                    libraries: ProcessInfo.processInfo.environment[Self.librariesKey],
                    kernelCache: cache?.directory,
                    threads: threads
                )
            } catch {
                throw ValidationError("--device \(device): \(error)")
            }
        }
    }

    /// Names directories of CUDA's libraries, separated by colons, that are looked into before the usual ones.
    static let librariesKey = "DARKROOM_CUDA_LIBRARIES"
}

/// A device by name.
enum DeviceName: Hashable, CustomStringConvertible, ExpressibleByArgument {
    case cpu
    /// The GPU of that number.
    case cuda(Int)

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("cpu", 1): self = .cpu
        case ("cuda", 1): self = .cuda(0)
        case ("cuda", 2):
            guard let ordinal = Int(parts[1]), (0..<1024).contains(ordinal) else { return nil }
            self = .cuda(ordinal)
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(0): "cuda"
        case .cuda(let ordinal): "cuda:\(ordinal)"
        }
    }

    var defaultValueDescription: String { description }
}

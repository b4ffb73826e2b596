// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import StableDiffusion
import Tensor

/// Says what this machine is to Darkroom, and what is wrong with it.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print processor features, the kernels chosen, threads, memory and the model found."
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var deviceOptions: DeviceOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report = DoctorReport(modelOptions: modelOptions, deviceOptions: deviceOptions)
        if json {
            try Terminal.printJSON(report)
        } else {
            print(report.text)
        }
        if report.modelProblem != nil { throw ExitCode.failure }
    }
}

/// What `darkroom doctor` found.
struct DoctorReport: Encodable {
    var instructionSets: [String]
    var kernels: String
    var threads: Int
    var memoryBytes: UInt64
    var model: String
    var modelProblem: String?

    init(modelOptions: ModelOptions, deviceOptions: DeviceOptions) {
        instructionSets = InstructionSet.available.filter { $0 != .portableBFloat16 }.map(\.description)
        kernels = InstructionSet.fastest.description
        threads = deviceOptions.threads
        memoryBytes = ProcessInfo.processInfo.physicalMemory
        model = modelOptions.model
        do {
            _ = try modelOptions.source()
        } catch {
            modelProblem = "\(error)"
        }
    }

    var text: String {
        """
        processor  \(instructionSets.joined(separator: ", "))
        kernels    \(kernels)
        threads    \(threads)
        memory     \(String(format: "%.1f", Double(memoryBytes) / 1e9)) GB
        model      \(model): \(modelProblem ?? "found")
        """
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Jobs
import StableDiffusion
import Tensor

/// Says what this machine is to Darkroom, and what is wrong with it.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print processor features, the kernels chosen, threads, memory and the model found; check a database."
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var deviceOptions: DeviceOptions

    @Option(
        help: ArgumentHelp("A service's database, whose books are checked.", valueName: "sqlite:path|postgresql://…")
    )
    var database: StoreLocation?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        var report = DoctorReport(modelOptions: modelOptions, deviceOptions: deviceOptions)
        if let database { report.database = await DatabaseReport(database) }
        if json {
            try Terminal.printJSON(report)
        } else {
            print(report.text)
        }
        if report.modelProblem != nil || report.database?.problems.isEmpty == false { throw ExitCode.failure }
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
    var database: DatabaseReport?

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
        """ + (database.map { "\n" + $0.text } ?? "")
    }
}

/// What `darkroom doctor` found in a database.
struct DatabaseReport: Encodable {
    var location: String
    var balances: [String: Double] = [:]
    /// What is wrong, one sentence each.
    var problems: [String]

    /// Checks the books of the store at `location`.
    init(_ location: StoreLocation) async {
        self.location = location.redacted
        do {
            let ledger = try await location.open(createsStore: false).verifyLedger()
            problems = ledger.problems
            for (account, credits) in ledger.balances { balances[account.description] = credits.value }
        } catch {
            problems = ["\(error)"]
        }
    }

    fileprivate var text: String {
        let lines = problems.isEmpty ? ["the books of \(balances.count) ledger accounts balance"] : problems
        return (["database   \(location): \(lines[0])"] + lines.dropFirst().map { "           \($0)" })
            .joined(separator: "\n")
    }
}

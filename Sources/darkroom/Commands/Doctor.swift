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
        help: ArgumentHelp(
            "A service's database, whose books are checked (default: $\(StoreLocation.environmentKey), if it is set).",
            valueName: "sqlite:path|postgresql://…"
        )
    )
    var database: StoreLocation?

    @Flag(help: "Hold every operation of the device named by --device against the processor in float32.")
    var check = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        var report = DoctorReport(modelOptions: modelOptions, deviceOptions: deviceOptions)
        if check { report.check(try deviceOptions.open(), threads: deviceOptions.threads) }
        if let database = try database ?? StoreLocation.named(in: ProcessInfo.processInfo.environment) {
            report.database = await DatabaseReport(database)
        }
        if json {
            try Terminal.printJSON(report)
        } else {
            print(report.text)
        }
        if report.hasProblems { throw ExitCode.failure }
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
    /// The GPU, or why there is none.
    var gpu: String
    /// Whether a GPU was named that is not there.
    var isDeviceMissing = false
    /// Operations that were held against the reference.
    var operations: [OperationReport]?
    var database: DatabaseReport?

    var hasProblems: Bool {
        modelProblem != nil || isDeviceMissing || database?.problems.isEmpty == false
            || operations?.contains { !$0.isRight } == true
    }

    init(modelOptions: ModelOptions, deviceOptions: DeviceOptions) {
        instructionSets = InstructionSet.available.filter { $0 != .portableBFloat16 }.map(\.description)
        kernels = InstructionSet.fastest.description
        threads = deviceOptions.threads
        memoryBytes = ProcessInfo.processInfo.physicalMemory
        model = modelOptions.model
        do {
            let ordinal = if case .cuda(let ordinal) = deviceOptions.device { ordinal } else { 0 }
            gpu = try CUDADevice.summary(
                ordinal: ordinal,
                libraries: ProcessInfo.processInfo.environment[DeviceOptions.librariesKey]
            )
        } catch {
            gpu = "\(error)"
            isDeviceMissing = deviceOptions.device != .cpu
        }
        do {
            _ = try modelOptions.source()
        } catch {
            modelProblem = "\(error)"
        }
    }

    /// Runs every operation on a device.
    mutating func check(_ device: any Device, threads: Int) {
        operations = DeviceCheck.run(on: device, threads: threads).map { result in
            OperationReport(
                operation: result.operation,
                error: result.error.isFinite ? result.error : nil,
                isRight: result.isRight,
                isRowIndependent: result.isRowIndependent
            )
        }
    }

    var text: String {
        """
        processor  \(instructionSets.joined(separator: ", "))
        kernels    \(kernels)
        threads    \(threads)
        gpu        \(gpu)
        memory     \(String(format: "%.1f", Double(memoryBytes) / 1e9)) GB
        model      \(model): \(modelProblem ?? "found")
        """ + (operations ?? []).map { "\n" + $0.text }.joined() + (database.map { "\n" + $0.text } ?? "")
    }
}

/// How far an operation of a device is from the reference.
struct OperationReport: Encodable {
    var operation: String
    /// Relative, in the Euclidean norm; nil if the result has values that are not numbers.
    var error: Double?
    var isRight: Bool
    /// Whether a row alone has the same bits as among others.
    var isRowIndependent: Bool

    fileprivate var text: String {
        let distance = error.map { String(format: "%.1e", $0) } ?? "not a number"
        return
            "\(isRight ? "right" : "WRONG")  \(distance)  \(isRowIndependent ? "" : "(depends on other rows) ")\(operation)"
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

// SPDX-License-Identifier: Apache-2.0

package import Jobs
package import Monitoring
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// How a worker process is started, and how it is told to stop.
package struct WorkerCommand: Sendable {
    /// The executable's path.
    package var executable: String
    /// What is in its environment beside what is in this process's.
    package var environment: [String: String]
    /// What its command line is for a worker of this name.
    package var arguments: @Sendable (WorkerID) -> [String]
    /// How long a worker that is told to stop may take before it is ended.
    package var stopTimeout: Duration
    /// Takes what workers observe.
    package var observe: @Sendable (Observation) -> Void

    package init(
        executable: String,
        environment: [String: String] = [:],
        stopTimeout: Duration,
        observe: @escaping @Sendable (Observation) -> Void = { _ in },
        arguments: @escaping @Sendable (WorkerID) -> [String]
    ) {
        self.executable = executable
        self.environment = environment
        self.stopTimeout = stopTimeout
        self.observe = observe
        self.arguments = arguments
    }

    /// How a worker process ended.
    package enum End: Equatable, Sendable {
        /// By itself, with nothing left to do.
        case left
        /// Otherwise; its jobs, if it had any, are somebody else's now.
        case crashed(reason: String)

        var isCrash: Bool { self != .left }
    }

    /// Runs a worker to its end.
    ///
    /// Cancelling the task tells the worker to stop.
    func run(_ worker: WorkerID) async -> End {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: stopTimeout)]
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)),
                arguments: .init(arguments(worker)),
                environment: .inherit.updating(
                    Dictionary(
                        uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
                    )
                ),
                platformOptions: options,
                // Its end is the sign for the worker that this process is gone, so it stays open and nothing is written.
                input: .inputWriter,
                // A worker prints what it observes; the end of that is the sign here that the worker is gone.
                output: .sequence,
                error: .currentStandardError
            ) { [observe] execution in
                let lines = execution.standardOutput.strings(
                    bufferingPolicy: .maxLineLength(ObservationLines.maxLength)
                )
                for try await line in lines {
                    if let observation = ObservationLines.observation(in: line) { observe(observation) }
                }
            }
            return switch result.terminationStatus {
            case .exited(0): .left
            case let status: .crashed(reason: "\(status)")
            }
        } catch {
            return .crashed(reason: "\(error)")
        }
    }
}

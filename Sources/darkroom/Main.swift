// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Runs the command line; every failure is one line on standard error and an exit code of sysexits.h.
@main
enum Main {
    static func main() async {
        var configured: ConfiguredArguments?
        do {
            let arguments = try await ConfiguredArguments(
                Array(CommandLine.arguments.dropFirst()),
                environment: ProcessInfo.processInfo.environment
            )
            configured = arguments
            var command = try Darkroom.parseAsRoot(arguments.arguments)
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            exit(after: error, configured)
        }
    }

    private static func exit(after error: any Error, _ configured: ConfiguredArguments?) -> Never {
        let code = Darkroom.exitCode(for: error)
        switch code {
        case .success:
            // Help and version arrive as errors too.
            Darkroom.exit(withError: error)
        case .validationFailure:
            let message = Darkroom.message(for: error)
            let origin = configured?.origin(of: message).map { " (from \($0))" } ?? ""
            // A database's address that is written wrong may hold a password, and this may be a log.
            let told = message.replacing(/'.*' is invalid for '--database/, with: "given is invalid for '--database")
            Terminal.complain(told + origin)
        default:
            if error is CancellationError {
                Foundation.exit(130)
            }
            if !(error is ExitCode) {
                Terminal.complain("\(error)")
            }
        }
        Foundation.exit(code.rawValue)
    }
}

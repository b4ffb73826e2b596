// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Runs the command line; every failure is one line on standard error and an exit code of sysexits.h.
@main
enum Main {
    static func main() async {
        ProcessAge.begin()
        do {
            var command = try Darkroom.parseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            exit(after: error)
        }
    }

    private static func exit(after error: any Error) -> Never {
        let code = Darkroom.exitCode(for: error)
        switch code {
        case .success:
            // Help and version arrive as errors too.
            Darkroom.exit(withError: error)
        case .validationFailure:
            Terminal.complain(Darkroom.message(for: error))
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

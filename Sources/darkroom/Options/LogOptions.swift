// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging

/// How log lines look, and which there are.
struct LogOptions: ParsableArguments {
    /// How a log line looks.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// For people.
        case text
        /// One JSON object a line.
        case json
    }

    @Option(help: "text or json (default: text on a terminal, else json).")
    var logFormat: Format?

    @Option(
        help: "The least of what is logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: Logger.Level.init(name:)
    )
    var logLevel = Logger.Level.info

    static let settings = ["log-format", "log-level"].map { Setting(name: $0) }

    private var format: Format { logFormat ?? (Terminal.isInteractive ? .text : .json) }

    /// Makes it so, for the whole process.
    func bootstrap() {
        let (format, level) = (format, logLevel)
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                switch format {
                case .text: StreamLogHandler.standardError(label: label)
                case .json: JSONLogHandler(label: label)
                }
            handler.logLevel = level
            return handler
        }
    }

    /// The options that make a child log the same.
    var arguments: [String] { ["--log-format=\(format.rawValue)", "--log-level=\(logLevel.rawValue)"] }
}

extension Logger.Level {
    fileprivate init(name: String) throws {
        guard let level = Logger.Level(rawValue: name) else { throw ValidationError("there is no such level") }
        self = level
    }
}

extension Logger {
    /// For those who start and stop services: their every step is of no interest.
    static var lifecycle: Logger {
        var logger = Logger(label: "darkroom.lifecycle")
        logger.logLevel = .warning
        return logger
    }
}

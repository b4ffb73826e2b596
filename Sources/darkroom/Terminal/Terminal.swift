// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is printed where: results to standard output, everything else to standard error.
enum Terminal {
    /// Whether a person watches standard error.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// One line about what went wrong.
    static func complain(_ message: String) {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        note("error: \(line)\n")
    }

    /// Text for the person who watches.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// A result for whoever reads standard output, also while it is a pipe.
    static func write(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// A value as JSON on standard output, keys sorted.
    static func printJSON(_ value: some Encodable, pretty: Bool = true) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

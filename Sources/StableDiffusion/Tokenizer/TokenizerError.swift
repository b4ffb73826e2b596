// SPDX-License-Identifier: Apache-2.0

/// A tokenizer file that cannot be used.
package struct TokenizerError: Error, Equatable, CustomStringConvertible {
    package let file: String
    /// The line at fault, from 1, where the file has lines.
    package let line: Int?
    package let problem: String

    init(file: String, line: Int? = nil, problem: String) {
        self.file = file
        self.line = line
        self.problem = problem
    }

    package var description: String {
        file + (line.map { ":\($0)" } ?? "") + ": " + problem
    }
}

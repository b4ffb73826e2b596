// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Observations on their way from one process to another, one JSON object a line.
package enum ObservationLines {
    /// A line is no longer than this.
    package static let maxLength = 4096

    /// The observation on a line; `nil` if there is none.
    package static func observation(in line: String) -> Observation? {
        guard line.utf8.count <= maxLength else { return nil }
        return try? JSONDecoder().decode(Observation.self, from: Data(line.utf8))
    }

    /// Something that writes observations to a file.
    ///
    /// What cannot be written, since nobody reads any longer, is lost.
    package static func writer(to file: FileHandle) -> @Sendable (Observation) -> Void {
        { observation in
            guard var line = try? JSONEncoder().encode(observation) else { return }
            line.append(UInt8(ascii: "\n"))
            // One write, so that lines of several threads do not mix.
            try? file.write(contentsOf: line)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The program that computes: its arithmetic may be another one in each build.
package enum RunningProgram {
    /// A line that changes with every build; nil where the program's file cannot be looked at.
    package static let identity: String? = {
        guard let path = Bundle.main.executablePath,
            let file = try? FileManager.default.attributesOfItem(
                atPath: URL(filePath: path).resolvingSymlinksInPath().path
            ),
            let size = file[.size] as? Int,
            let changed = file[.modificationDate] as? Date
        else { return nil }
        return "program of \(size) bytes, changed \(changed.timeIntervalSinceReferenceDate)"
    }()
}

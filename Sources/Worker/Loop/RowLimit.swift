// SPDX-License-Identifier: Apache-2.0

package import Jobs

/// How many rows of a size may share an evaluation: as many as fit into memory, by what a row was seen to take.
///
/// The first evaluation of a size runs with one picture and is measured; the others follow.
package struct RowLimit: Sendable {
    /// The rows of one picture with guidance, which always run.
    private static let least = 2

    /// The most rows, whatever the memory.
    package let most: Int
    /// Bytes that evaluations may take.
    package let budget: Int
    private var bytesPerRow: [PictureSize: Int] = [:]

    package init(most: Int, budget: Int) {
        self.most = max(most, Self.least)
        self.budget = budget
    }

    /// Whether the next evaluation of this size is to be measured.
    package func isUnknown(_ size: PictureSize) -> Bool { bytesPerRow[size] == nil }

    /// The limit for this size.
    package func rows(for size: PictureSize) -> Int {
        guard let bytes = bytesPerRow[size] else { return Self.least }
        return min(max(budget / max(bytes, 1), Self.least), most)
    }

    /// Takes note of what an evaluation of `rows` rows took.
    package mutating func measured(_ size: PictureSize, rows: Int, bytes: Int) {
        bytesPerRow[size] = max(bytes / max(rows, 1), 1)
    }
}

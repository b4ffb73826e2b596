// SPDX-License-Identifier: Apache-2.0

/// Lines of words in columns.
struct TextTable: CustomStringConvertible {
    private let rows: [[String]]

    /// A table with a heading.
    init(_ heading: [String], _ rows: [[String]]) {
        self.init([heading] + rows)
    }

    /// A table of these rows alone.
    init(_ rows: [[String]]) {
        self.rows = rows
    }

    var description: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { column, word in
                // Nothing stands behind the last word.
                column == row.count - 1 ? word : word + String(repeating: " ", count: widths[column] - word.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

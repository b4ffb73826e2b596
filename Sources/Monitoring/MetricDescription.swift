// SPDX-License-Identifier: Apache-2.0

/// A metric of the program: its name, what it says, and how observations of it are counted.
package struct MetricDescription: Sendable {
    /// How observations are counted.
    package enum Kind: Equatable, Sendable {
        /// Their sum.
        case counter
        /// The last one.
        case gauge
        /// How many are at most as large as each of these bounds, which rise, and their sum.
        case histogram(bounds: [Double])
    }

    /// The name, as Prometheus has it: with the unit, and `_total` for a counter.
    package let name: String
    /// What it says, in one sentence.
    package let help: String
    package let kind: Kind
    /// The names of its labels, each of which has few values.
    package let labels: [String]

    package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
    }
}

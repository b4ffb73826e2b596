// SPDX-License-Identifier: Apache-2.0

/// One thing that was counted or measured.
package struct Observation: Codable, Equatable, Sendable {
    /// The metric's name.
    package var metric: String
    /// The values of its labels, by their names.
    package var labels: [String: String]
    package var value: Double

    package init(_ metric: String, labels: [String: String] = [:], value: Double) {
        self.metric = metric
        self.labels = labels
        self.value = value
    }
}

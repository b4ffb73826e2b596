// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Adds up observations, and writes them down for Prometheus.
package final class MetricRegistry: Sendable {
    fileprivate struct Series {
        var value = 0.0
        /// For a histogram: how many observations are at most as large as each bound, and larger than the one before.
        var counts: [UInt64] = []
        var count: UInt64 = 0
    }

    private struct Family {
        let description: MetricDescription
        /// By the labels' values, in the order of their names.
        var series: [[String]: Series] = [:]
    }

    /// How many combinations of labels a metric has at most; further ones are not counted.
    private static let maxSeries = 1000

    private let families: Mutex<[Family]>
    private let positions: [String: Int]

    package init(_ descriptions: [MetricDescription] = MetricDescription.all) {
        families = Mutex(descriptions.map { Family(description: $0) })
        positions = Dictionary(uniqueKeysWithValues: descriptions.enumerated().map { ($1.name, $0) })
    }

    /// Counts an observation in; one of no known metric, with other labels, or of no number has no effect.
    package func take(_ observation: Observation) {
        guard let position = positions[observation.metric], observation.value.isFinite else { return }
        families.withLock { families in
            let description = families[position].description
            let labels = description.labels.compactMap { observation.labels[$0] }
            guard labels.count == description.labels.count, labels.count == observation.labels.count else { return }
            guard families[position].series[labels] != nil || families[position].series.count < Self.maxSeries else {
                return
            }
            families[position].series[labels, default: Series()].add(observation.value, as: description.kind)
        }
    }

    /// Forgets what a gauge said of things that are not there any longer.
    package func clear(_ metric: String) {
        guard let position = positions[metric] else { return }
        families.withLock { $0[position].series = [:] }
    }

    /// Everything, in Prometheus's text format, version 0.0.4.
    package var text: String {
        var text = ""
        for family in families.withLock({ $0 }) {
            let description = family.description
            // A count without labels begins at nothing; what a gauge says, nobody knows before it is told.
            let begins = description.labels.isEmpty && description.kind != .gauge
            let series = family.series.isEmpty && begins ? [[]: Series()] : family.series
            guard !series.isEmpty else { continue }
            text +=
                "# HELP \(description.name) \(description.help)\n# TYPE \(description.name) \(description.kind.name)\n"
            for (values, series) in series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                text += series.text(description, labels: Array(zip(description.labels, values)))
            }
        }
        return text
    }
}

extension MetricRegistry.Series {
    fileprivate mutating func add(_ observed: Double, as kind: MetricDescription.Kind) {
        switch kind {
        case .counter: value += max(observed, 0)
        case .gauge: value = observed
        case .histogram(let bounds):
            value += observed
            count += 1
            if counts.isEmpty { counts = Array(repeating: 0, count: bounds.count) }
            if let bucket = bounds.firstIndex(where: { observed <= $0 }) { counts[bucket] += 1 }
        }
    }

    fileprivate func text(_ description: MetricDescription, labels: [(String, String)]) -> String {
        let name = description.name
        guard case .histogram(let bounds) = description.kind else {
            return "\(name)\(Self.text(labels)) \(value)\n"
        }
        var text = ""
        var sum: UInt64 = 0
        for (index, bound) in bounds.enumerated() {
            if !counts.isEmpty { sum += counts[index] }
            text += "\(name)_bucket\(Self.text(labels + [("le", "\(bound)")])) \(sum)\n"
        }
        text += "\(name)_bucket\(Self.text(labels + [("le", "+Inf")])) \(count)\n"
        text += "\(name)_sum\(Self.text(labels)) \(value)\n"
        text += "\(name)_count\(Self.text(labels)) \(count)\n"
        return text
    }

    private static func text(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { name, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return "\(name)=\"\(escaped)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}

extension MetricDescription.Kind {
    fileprivate var name: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

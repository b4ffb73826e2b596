// SPDX-License-Identifier: Apache-2.0

import Foundation
import Monitoring
import Testing

/// What is asked of Prometheus, in the files that operators are given.
@Suite struct DeployedQueryTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized
    private static let files = ["deploy/monitoring/alerts.yml", "deploy/monitoring/grafana-dashboard.json"]
    /// What Prometheus adds by itself.
    private static let ownLabels: Set<String> = ["job", "instance", "le"]

    private func text(of file: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: file), encoding: .utf8)
    }

    /// The metric of a series by its name; `nil` when there is none.
    private func metric(_ series: Substring) -> MetricDescription? {
        MetricDescription.all.first { metric in
            switch metric.kind {
            case .counter, .gauge: series == metric.name
            case .histogram: ["_bucket", "_sum", "_count"].contains { series == metric.name + $0 }
            }
        }
    }

    @Test(arguments: files)
    func `every series that is asked for is counted, with the labels that are asked about`(file: String) throws {
        let series = try text(of: file).matches(of: /(darkroom_[a-z_]+)(\{[^}]*\})?/)
        #expect(series.count > 5)
        for match in series {
            let metric = try #require(self.metric(match.output.1), "\(match.output.1)")
            for label in (match.output.2 ?? "").matches(of: /([a-z_]+)\\?"?(=|!)/) {
                let name = String(label.output.1)
                #expect(metric.labels.contains(name) || Self.ownLabels.contains(name), "\(match.output.0)")
            }
        }
    }

    @Test func `the operating guide lists the metrics there are, and no others`() throws {
        let named = Set(
            try text(of: "docs/operating.md").matches(of: /`(darkroom_[a-z_]+)`/).map { String($0.output.1) }
        )
        #expect(named == Set(MetricDescription.all.map(\.name)))
    }

    @Test func `what is on the dashboard is on it once, and can be read`() throws {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable {
                    var expr: String
                }
                struct Position: Decodable {
                    var x: Int
                    var y: Int
                    var w: Int
                    var h: Int
                }
                var id: Int
                var title: String
                var gridPos: Position
                var targets: [Target]
            }
            var panels: [Panel]
        }
        let data = try Data(contentsOf: Self.root.appending(path: "deploy/monitoring/grafana-dashboard.json"))
        let panels = try JSONDecoder().decode(Dashboard.self, from: data).panels
        #expect(Set(panels.map(\.id)).count == panels.count)
        #expect(Set(panels.map(\.title)).count == panels.count)
        for panel in panels {
            #expect(!panel.targets.isEmpty && panel.targets.allSatisfy { !$0.expr.isEmpty }, "\(panel.title)")
            #expect(panel.gridPos.x + panel.gridPos.w <= 24)
        }
    }
}

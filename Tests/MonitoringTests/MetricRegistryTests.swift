// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Foundation
import Monitoring
import Synchronization
import Testing

struct MetricRegistryTests {
    private let registry = MetricRegistry([
        MetricDescription("requests_total", .counter, labels: ["route", "status"], "Requests."),
        MetricDescription("queued", .gauge, "Jobs that wait."),
        MetricDescription("seconds", .histogram(bounds: [0.1, 1]), "Time."),
    ])

    @Test func `writes every kind as Prometheus reads it`() {
        for status in ["200", "200", "404"] {
            registry.take(Observation("requests_total", labels: ["route": "/v1/{id}", "status": status], value: 1))
        }
        registry.take(Observation("queued", value: 7))
        registry.take(Observation("queued", value: 3))
        for value in [0.05, 0.1, 0.5, 2] { registry.take(Observation("seconds", value: value)) }
        #expect(
            registry.text == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{route="/v1/{id}",status="200"} 2.0
                requests_total{route="/v1/{id}",status="404"} 1.0
                # HELP queued Jobs that wait.
                # TYPE queued gauge
                queued 3.0
                # HELP seconds Time.
                # TYPE seconds histogram
                seconds_bucket{le="0.1"} 2
                seconds_bucket{le="1.0"} 3
                seconds_bucket{le="+Inf"} 4
                seconds_sum 2.65
                seconds_count 4

                """
        )
    }

    @Test func `a gauge says nothing before it is told, and after what it told is gone`() {
        #expect(registry.text.contains("seconds_count 0\n"))
        #expect(!registry.text.contains("queued"))
        registry.take(Observation("queued", value: 7))
        #expect(registry.text.contains("queued 7.0\n"))
        registry.clear("queued")
        #expect(!registry.text.contains("queued"))
    }

    @Test func `escapes what labels hold`() {
        registry.take(Observation("requests_total", labels: ["route": "a\"b\\c\nd", "status": ""], value: 1))
        #expect(registry.text.contains(#"requests_total{route="a\"b\\c\nd",status=""} 1.0"#))
    }

    @Test func `ignores what it does not know`() {
        let before = registry.text
        registry.take(Observation("nothing", value: 1))
        registry.take(Observation("queued", labels: ["prompt": "a cat"], value: 1))
        registry.take(Observation("requests_total", labels: ["route": "/"], value: 1))
        registry.take(Observation("queued", value: .nan))
        #expect(registry.text == before)
    }

    @Test func `holds a bounded number of series`() {
        for index in 0..<5000 {
            registry.take(Observation("requests_total", labels: ["route": "\(index)", "status": "200"], value: 1))
        }
        #expect(registry.text.split(separator: "\n").count < 1100)
    }

    @Test func `counts what swift-metrics is told`() {
        let factory = ObservingMetrics { [registry] in registry.take($0) }
        Counter(label: "requests_total", dimensions: [("route", "/"), ("status", "200")], factory: factory).increment(
            by: 3
        )
        Meter(label: "queued", factory: factory).set(2)
        Timer(label: "seconds", factory: factory).recordNanoseconds(500_000_000)
        Recorder(label: "seconds", factory: factory).record(0.25)
        let text = registry.text
        #expect(text.contains("requests_total{route=\"/\",status=\"200\"} 3.0\n"))
        #expect(text.contains("queued 2.0\n"))
        #expect(text.contains("seconds_sum 0.75\n"))
    }

    @Test func `observations survive the way through a pipe`() throws {
        let pipe = Pipe()
        let write = ObservationLines.writer(to: pipe.fileHandleForWriting)
        let sent = [Observation("a", value: 0.125), Observation("b", labels: ["x": "line\nbreak \""], value: 3)]
        sent.forEach(write)
        try pipe.fileHandleForWriting.close()
        let data = try #require(try pipe.fileHandleForReading.readToEnd())
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(lines.map(ObservationLines.observation(in:)) == sent)
        #expect(ObservationLines.observation(in: "no JSON") == nil)
    }

    @Test func `every metric has a name and labels that Prometheus accepts`() throws {
        let names = MetricDescription.all.map(\.name)
        #expect(Set(names).count == names.count)
        for metric in MetricDescription.all {
            #expect(metric.name.wholeMatch(of: /darkroom_[a-z_]+/) != nil)
            #expect(metric.labels.allSatisfy { $0.wholeMatch(of: /[a-z]+/) != nil && $0 != "le" })
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter))
            #expect(!metric.help.contains("\n"))
            if case .histogram(let bounds) = metric.kind { #expect(bounds == bounds.sorted()) }
        }
    }
}

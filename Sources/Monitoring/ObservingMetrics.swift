// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics

/// The backend of swift-metrics: hands on what is counted anywhere in the program, one observation at a time.
package struct ObservingMetrics: MetricsFactory {
    private let observe: @Sendable (Observation) -> Void

    package init(_ observe: @escaping @Sendable (Observation) -> Void) {
        self.observe = observe
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        handler(label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        handler(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
        Handler(metric: label, labels: Dictionary(dimensions) { $1 }, observe: observe)
    }

    private final class Handler: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
        private let metric: String
        private let labels: [String: String]
        private let observe: @Sendable (Observation) -> Void

        init(metric: String, labels: [String: String], observe: @escaping @Sendable (Observation) -> Void) {
            self.metric = metric
            self.labels = labels
            self.observe = observe
        }

        private func take(_ value: Double) {
            observe(Observation(metric, labels: labels, value: value))
        }

        func increment(by amount: Int64) { take(Double(amount)) }
        func set(_ value: Int64) { take(Double(value)) }
        func set(_ value: Double) { take(value) }
        func record(_ value: Int64) { take(Double(value)) }
        func record(_ value: Double) { take(value) }
        func recordNanoseconds(_ duration: Int64) { take(Double(duration) / 1e9) }
        // Counters only rise, and nobody moves a gauge by steps.
        func increment(by amount: Double) {}
        func decrement(by amount: Double) {}
        func reset() {}
    }
}

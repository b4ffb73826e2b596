// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

struct MetricsTests {
    @Test func `metrics say what the store holds`() async throws {
        let api = TestAPI(.away)
        _ = try await api.submit()
        try await api.store.announce(WorkerID(), .busy)
        let answer = try await api.send(.get, "/metrics")
        #expect(answer.status == .ok)
        #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.text.contains("\ndarkroom_jobs_queued 1.0\n"))
        #expect(answer.text.contains("\ndarkroom_workers{state=\"busy\"} 1.0\n"))
        #expect(answer.text.contains("\ndarkroom_workers{state=\"ready\"} 0.0\n"))
    }

    @Test func `metrics say what was paid`() async throws {
        let api = try await TestAPI(credits: "1")
        #expect(try await api.post("{}").status == .ok)
        let price = PriceTable.standard.price(of: try #require(api.worker.requests.first))
        #expect(try await api.send(.get, "/metrics").text.contains("\ndarkroom_credits_revenue \(price.value)\n"))
    }

    @Test func `metrics can be kept to administrators`() async throws {
        var api = try await TestAPI(credits: "1")
        api.configuration.metricsAccess = .admin
        #expect(try await api.send(.get, "/metrics", headers: [.apiKey: ""]).status == .unauthorized)
        #expect(try await api.send(.get, "/metrics").status == .forbidden)
        var settings = KeySettings()
        settings.scopes = [.admin]
        let key = try await api.makeKey(settings, for: .default)
        #expect(try await api.send(.get, "/metrics", headers: [.apiKey: key]).status == .ok)
    }
}

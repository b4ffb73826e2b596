// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import Testing

/// What `deploy/kubernetes` asks the database to know how many workers are needed.
@Suite struct WorkerScalingTests {
    @Test func jobsThatWaitOrRunNeedWorkersAndNoOthers() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "deploy/kubernetes/worker-scaling.yaml")
        let query = try #require(
            try String(contentsOf: file, encoding: .utf8).firstMatch(of: /(?m)^ +query: "(.*)"$/).map { String($0.1) }
        )
        let test = try await TestStore(.postgres)
        try await test.store.open(.alice)
        #expect(try test.sql(query) == "0")
        for seed in 0..<4 { _ = try await test.store.accept(.test(seed: Int64(seed))) }
        #expect(try test.sql(query) == "4")
        let claimed = try #require(try await test.store.claim())
        _ = try await test.store.claim()
        #expect(try test.sql(query) == "4")
        _ = try await test.store.complete(claimed.lease, with: .test())
        #expect(try test.sql(query) == "3")
    }
}

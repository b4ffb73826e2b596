// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

@testable import Worker

/// What a worker keeps from one round to the next.
@Suite struct RoundTests {
    @Test func aJobThatIsGivenTwiceUnderOneLeaseIsMadeOnce() throws {
        var round = Round(settings: WorkerSettings(id: WorkerID(), rowLimit: RowLimit(most: 8, budget: 1 << 30)))
        let job = try ClaimedJob.tiny("a")
        let joined = [round.join(job, at: .now), round.join(job, at: .now)]
        #expect(joined == [true, false])
        #expect(round.claims.map(\.lease) == [job.lease])

        let engine = try TinyModel.engine()
        while let turn = round.schedule() { round.update(engine.perform(turn), at: .now) }
        #expect(round.endings.map(\.lease) == [job.lease])
        // It waits to be told of.
        let joinsAgain = round.join(job, at: .now)
        #expect(!joinsAgain)
        #expect(round.batch.isEmpty)
    }
}

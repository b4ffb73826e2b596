// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Testing

@testable import Worker

@Suite struct ProgressPaceTests {
    private let lease = Lease(job: JobID(), worker: WorkerID("w"), number: 1)
    private let start = ContinuousClock.now

    @Test func heartbeatsAreAtMostTenASecond() {
        var pace = ProgressPace()
        let due = (0..<1000).filter { pace.isDue(at: start + .milliseconds($0)) }
        #expect(due.count == 10)
    }

    @Test func progressIsToldOnlyWhenItIsNews() {
        var pace = ProgressPace()
        func beat(_ step: Int, at milliseconds: Int) -> JobProgress? {
            pace.heartbeats(
                of: [lease],
                [Standing(lease: lease, progress: GenerationProgress(sample: 0, step: step, steps: 9), sketch: nil)],
                at: start + .milliseconds(milliseconds)
            ) { _ in nil }[0].progress
        }
        #expect(beat(1, at: 0)?.progress.step == 1)
        #expect(beat(1, at: 100) == nil)
        #expect(beat(2, at: 200)?.progress.step == 2)
    }

    @Test func aJobThatHasNotBegunHasAHeartbeatWithoutProgress() {
        var pace = ProgressPace()
        let beats = pace.heartbeats(of: [lease], [], at: start) { _ in nil }
        #expect(beats == [Heartbeat(lease: lease)])
    }

    @Test func sketchesComeEveryFewStepsAndNotMoreThanTwiceASecond() {
        var pace = ProgressPace()
        var sketches: [Int] = []
        for step in 1...50 {
            _ = pace.heartbeats(
                of: [lease],
                [Standing(lease: lease, progress: GenerationProgress(sample: 0, step: step, steps: 50), sketch: nil)],
                at: start + .milliseconds(100 * step)
            ) { _ in
                sketches.append(step)
                return StoredImage(bytes: [1], format: .jpeg)
            }
        }
        #expect(!sketches.isEmpty)
        #expect(zip(sketches, sketches.dropFirst()).allSatisfy { $1 - $0 >= 5 })
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs
import Supervisor
import Testing

@Suite struct WorkerFleetTests {
    private let start = ContinuousClock.now

    @Test func theFirstWorkerIsStartedAsSoonAsAJobWaits() {
        var fleet = WorkerFleet(limit: 2, jobsPerWorker: 4)
        #expect(fleet.startWorker(waiting: 0, at: start) == nil)
        #expect(fleet.startWorker(waiting: 1, at: start) != nil)
        #expect(fleet.count == 1)
    }

    @Test func moreAreStartedOnlyWhenTheQueueIsDeepEnough() {
        var fleet = WorkerFleet(limit: 3, jobsPerWorker: 4)
        _ = fleet.startWorker(waiting: 9, at: start)
        #expect(fleet.startWorker(waiting: 4, at: start) == nil)
        #expect(fleet.startWorker(waiting: 5, at: start) != nil)
        #expect(fleet.startWorker(waiting: 8, at: start) == nil)
        #expect(fleet.startWorker(waiting: 9, at: start) != nil)
        #expect(fleet.startWorker(waiting: 1000, at: start) == nil, "never more than the limit")
    }

    @Test func aFleetOfNoneStartsNone() {
        var fleet = WorkerFleet(limit: 0, jobsPerWorker: 4)
        #expect(fleet.startWorker(waiting: 1000, at: start) == nil)
    }

    @Test func aWorkerThatCrashesIsReplacedAtOnceAndThenLaterAndLater() throws {
        var fleet = WorkerFleet(limit: 1, jobsPerWorker: 4)
        var now = start
        var waits: [Duration] = []
        for _ in 0..<12 {
            let worker = try #require(fleet.startWorker(waiting: 1, at: now))
            let wait = fleet.workerEnded(worker, crashed: true, at: now + .seconds(1))
            waits.append(wait)
            now += .seconds(1)
            if wait > .zero {
                #expect(fleet.startWorker(waiting: 1, at: now + wait - .milliseconds(1)) == nil)
            }
            now += wait
        }
        #expect(waits[0] == .zero)
        #expect(waits[1] > .zero)
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(waits.last == .seconds(30))
    }

    @Test func aWorkerThatRanForAWhileIsReplacedAtOnce() throws {
        var fleet = WorkerFleet(limit: 1, jobsPerWorker: 4)
        for _ in 0..<4 {
            let worker = try #require(fleet.startWorker(waiting: 1, at: start + .seconds(1000)))
            _ = fleet.workerEnded(worker, crashed: true, at: start + .seconds(1000))
            guard fleet.startWorker(waiting: 1, at: start + .seconds(1000)) == nil else { continue }
            break
        }
        let worker = try #require(fleet.startWorker(waiting: 1, at: start + .seconds(2000)))
        #expect(fleet.workerEnded(worker, crashed: true, at: start + .seconds(2060)) == .zero)
    }

    @Test func aWorkerThatLeftOnItsOwnIsNoCrash() throws {
        var fleet = WorkerFleet(limit: 1, jobsPerWorker: 4)
        for _ in 0..<5 {
            let worker = try #require(fleet.startWorker(waiting: 1, at: start))
            #expect(fleet.workerEnded(worker, crashed: false, at: start) == .zero)
        }
    }
}

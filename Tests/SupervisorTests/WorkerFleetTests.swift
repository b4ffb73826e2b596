// SPDX-License-Identifier: Apache-2.0

import Jobs
import Supervisor
import Testing

@Suite struct WorkerFleetTests {
    private let start = ContinuousClock.now

    @Test func theFirstWorkerIsStartedAsSoonAsAJobWaits() {
        var fleet = WorkerFleet(limit: 2, jobsPerWorker: 4)
        let starts = [0, 1].map { fleet.startWorker(waiting: $0, at: start) != nil }
        #expect(starts == [false, true])
        #expect(fleet.count == 1)
    }

    @Test func moreAreStartedOnlyWhenTheQueueIsDeepEnough() {
        var fleet = WorkerFleet(limit: 3, jobsPerWorker: 4)
        let starts = [9, 4, 5, 8, 9, 1000].map { fleet.startWorker(waiting: $0, at: start) != nil }
        #expect(starts == [true, false, true, false, true, false], "the last is beyond the limit")
    }

    @Test func aFleetOfNoneStartsNone() {
        var fleet = WorkerFleet(limit: 0, jobsPerWorker: 4)
        let worker = fleet.startWorker(waiting: 1000, at: start)
        #expect(worker == nil)
    }

    @Test func aWorkerThatCrashesIsReplacedAtOnceAndThenLaterAndLater() throws {
        var fleet = WorkerFleet(limit: 1, jobsPerWorker: 4)
        var now = start
        var waits: [Duration] = []
        for _ in 0..<12 {
            let started = fleet.startWorker(waiting: 1, at: now)
            let worker = try #require(started)
            let wait = fleet.workerEnded(worker, crashed: true, at: now + .seconds(1))
            waits.append(wait)
            now += .seconds(1)
            if wait > .zero {
                let early = fleet.startWorker(waiting: 1, at: now + wait - .milliseconds(1))
                #expect(early == nil)
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
        var now = start
        for lifetime in [Duration.zero, .zero, .zero, .seconds(60)] {
            now += .seconds(1000)
            let started = fleet.startWorker(waiting: 1, at: now)
            let worker = try #require(started)
            now += lifetime
            let wait = fleet.workerEnded(worker, crashed: true, at: now)
            if lifetime > .zero { #expect(wait == .zero) }
        }
    }

    @Test func aWorkerThatLeftOnItsOwnIsNoCrash() throws {
        var fleet = WorkerFleet(limit: 1, jobsPerWorker: 4)
        for _ in 0..<5 {
            let started = fleet.startWorker(waiting: 1, at: start)
            let worker = try #require(started)
            let wait = fleet.workerEnded(worker, crashed: false, at: start)
            #expect(wait == .zero)
        }
    }
}

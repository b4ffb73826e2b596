// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

@Suite struct JobLifecycleTests {
    private let job = JobID()
    private let start = Timestamp(milliseconds: 1000)
    private let failure = JobFailure(.internal, "no")

    private func queued(retryLimit: Int = 1) -> JobLifecycle {
        JobLifecycle(retryLimit: retryLimit, deadline: start.advanced(by: .seconds(100)))
    }

    private func lease(_ lifecycle: inout JobLifecycle, to worker: String = "a") throws -> Lease {
        let lease = lifecycle.lease(job, to: WorkerID(worker), until: start.advanced(by: .seconds(10)))
        return try #require(lease)
    }

    private func leased(retryLimit: Int = 1) throws -> (JobLifecycle, Lease) {
        var lifecycle = queued(retryLimit: retryLimit)
        let lease = try lease(&lifecycle)
        return (lifecycle, lease)
    }

    @Test func completingSettles() throws {
        var (lifecycle, lease) = try leased()
        let settled = lifecycle.complete(lease)
        #expect(settled == [.settle, .announce(.ended(.completed))])
        #expect(lifecycle.state == .ended(.completed))
    }

    @Test func everyOtherEndRefunds() throws {
        var cancelled = queued()
        let ofCancelling = cancelled.cancel()
        #expect(ofCancelling == [.refund, .announce(.ended(.cancelled))])
        var expired = queued()
        let ofExpiring = expired.advance(to: expired.deadline)
        #expect(ofExpiring == [.refund, .announce(.ended(.expired))])
        var (failed, lease) = try leased()
        let ofFailing = failed.fail(lease, failure, isRetryable: false)
        #expect(ofFailing == [.refund, .announce(.ended(.failed(failure)))])
    }

    @Test func aJobIsLeasedToOneWorkerAtATime() throws {
        var (lifecycle, _) = try leased()
        let second = lifecycle.lease(job, to: WorkerID("b"), until: start.advanced(by: .seconds(10)))
        #expect(second == nil)
    }

    @Test func aLeaseIsLostWhenItRunsOut() throws {
        var (lifecycle, lease) = try leased()
        let before = lifecycle.advance(to: start.advanced(by: .seconds(9)))
        #expect(before == [])
        let after = lifecycle.advance(to: start.advanced(by: .seconds(10)))
        #expect(after == [.announce(.queued)])
        #expect(lifecycle.failureCount == 1)
        let late = lifecycle.complete(lease)
        #expect(late == nil)
        // The same worker's next lease is another one.
        let next = try self.lease(&lifecycle)
        let later = lifecycle.complete(lease)
        #expect(later == nil)
        let extended = lifecycle.extend(lease, until: start.advanced(by: .seconds(30)))
        #expect(extended == .lost)
        let completed = lifecycle.complete(next)
        #expect(completed != nil)
    }

    @Test func onlyTheWorkerThatHasItLosesAJob() throws {
        var (lifecycle, lease) = try leased()
        let ofAnother = lifecycle.lose(WorkerID("b"))
        #expect(ofAnother == [])
        let ofItsOwn = lifecycle.lose(lease.worker)
        #expect(ofItsOwn == [.announce(.queued)])
        let again = lifecycle.lose(lease.worker)
        #expect(again == [])
    }

    @Test func releasingCostsNoRetry() throws {
        var lifecycle = queued(retryLimit: 0)
        for _ in 0..<5 {
            let lease = try lease(&lifecycle)
            let released = lifecycle.release(lease)
            #expect(released == [.announce(.queued)])
        }
        #expect(lifecycle.failureCount == 0)
    }

    @Test(arguments: [UInt64.random(in: .min ... .max), 1])
    func moneyMovesOnceAndNothingFollowsAnEnd(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<500 {
            var lifecycle = queued(retryLimit: Int.random(in: 0..<3, using: &random))
            var now = start
            var leases: [Lease] = []
            var actions: [JobLifecycle.Action] = []
            while !lifecycle.isEnded || Bool.random(using: &random) {
                now = now.advanced(by: .seconds(Int.random(in: 0..<5, using: &random)))
                actions += step(&lifecycle, &leases, now, &random)
            }
            let moves = actions.filter { $0 == .settle || $0 == .refund }
            #expect(moves == (lifecycle.state == .ended(.completed) ? [.settle] : [.refund]), "seed \(seed)")
            let ends = actions.filter { if case .announce(.ended) = $0 { true } else { false } }
            #expect(ends.count == 1, "seed \(seed)")
            #expect(lifecycle.failureCount <= lifecycle.retryLimit + 1, "seed \(seed)")
        }
    }

    private func step(
        _ lifecycle: inout JobLifecycle,
        _ leases: inout [Lease],
        _ now: Timestamp,
        _ random: inout SplitMix
    ) -> [JobLifecycle.Action] {
        let lease = leases.randomElement(using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1:
            let worker = WorkerID(Bool.random(using: &random) ? "a" : "b")
            if let lease = lifecycle.lease(job, to: worker, until: now.advanced(by: .seconds(6))) {
                leases.append(lease)
            }
            return []
        case 2: return lease.flatMap { lifecycle.complete($0) } ?? []
        case 3: return lease.flatMap { lifecycle.fail($0, failure, isRetryable: Bool.random(using: &random)) } ?? []
        case 4: return lease.flatMap { lifecycle.release($0) } ?? []
        case 5: return Int.random(in: 0..<4, using: &random) == 0 ? lifecycle.cancel() : []
        case 6: return lifecycle.lose(WorkerID("a"))
        default: return lifecycle.advance(to: now)
        }
    }
}

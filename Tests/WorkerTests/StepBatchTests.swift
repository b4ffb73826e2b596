// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion
import Testing

@testable import Worker

/// A batch without a store: jobs join, turns are done, endings come out.
@Suite struct StepBatchTests {
    private let engine: PictureEngine

    init() throws {
        engine = try TinyModel.engine()
    }

    @Test func aJobIsBegunSteppedAndFinished() throws {
        var batch = StepBatch(rowLimit: 8)
        batch.join(try .tiny("a"), at: .now)
        var kinds: [String] = []
        let endings = try run(&batch) { turn, _ in kinds.append(turn.kind) }
        #expect(kinds == ["begin", "step", "step", "finish"])
        #expect(endings.count == 1)
        #expect(batch.isEmpty)
    }

    @Test func jobsOfAllKindsShareEachEvaluation() throws {
        var batch = StepBatch(rowLimit: 100)
        for (index, scheduler) in Scheduler.allCases.enumerated() {
            batch.join(
                try .tiny("job \(index)") {
                    $0.scheduler = scheduler.rawValue
                    $0.steps = 5 + index
                    $0.guidanceScale = index.isMultiple(of: 2) ? 7.5 : 1
                },
                at: .now
            )
        }
        var widest = 0
        let endings = try run(&batch) { turn, _ in
            if case .step(let pictures) = turn { widest = max(widest, pictures.count) }
        }
        #expect(widest == Scheduler.allCases.count)
        #expect(endings.count == Scheduler.allCases.count)
    }

    @Test func thePicturesOfAJobShareEachEvaluationToo() throws {
        var batch = StepBatch(rowLimit: 100)
        batch.join(try .tiny("a") { $0.samples = 3 }, at: .now)
        var steps: [Int] = []
        let endings = try run(&batch) { turn, _ in if case .step(let pictures) = turn { steps.append(pictures.count) } }
        #expect(steps == [3, 3])
        let images = try #require(try endings.first?.outcome.get().images)
        #expect(images.map(\.seed.value) == [1, 2, 3])
    }

    @Test func thePicturesOfEachEvaluationAreInTheOrderInWhichTheirJobsJoined() throws {
        var batch = StepBatch(rowLimit: 100)
        let leases = try (0..<5).map { index in
            let job = try ClaimedJob.tiny("job \(index)") {
                $0.samples = 2
                $0.steps = 3
            }
            batch.join(job, at: .now)
            return job.lease
        }
        let expected = leases.flatMap { lease in (0..<2).map { PictureKey(lease: lease, index: $0) } }
        var steps = 0
        _ = try run(&batch) { turn, _ in
            guard case .step(let pictures) = turn else { return }
            steps += 1
            #expect(pictures.map(\.key) == expected)
        }
        #expect(steps == 3)
    }

    @Test func anEvaluationHasNoMoreRowsThanFitAndTheFirstComeAreTheFirstServed() throws {
        var batch = StepBatch(rowLimit: 4)
        let leases = try ["a", "b", "c"].map { name in
            let job = try ClaimedJob.tiny(name)
            batch.join(job, at: .now)
            return job.lease
        }
        var order: [Lease] = []
        var turn = 0
        var last: [Lease] = []
        while let next = batch.schedule() {
            if case .step(let pictures) = next {
                turn += 1
                #expect(pictures.count <= 2, "two rows each")
                last = pictures.map(\.key.lease)
                if turn == 1 { #expect(Set(last) == Set(leases[..<2])) }
            }
            order += batch.update(engine.perform(next), at: .now).map(\.lease)
        }
        #expect(Set(order[..<2]) == Set(leases[..<2]))
        #expect(last == [leases[2]])
    }

    @Test func aPictureThatIsTooLargeForTheLimitRunsAlone() throws {
        var batch = StepBatch(rowLimit: 1)
        batch.join(try .tiny("a"), at: .now)
        #expect(try run(&batch).count == 1)
    }

    @Test func thereIsRoomWhileRowsAreFree() throws {
        var batch = StepBatch(rowLimit: 4)
        #expect(batch.hasRoom)
        batch.join(try .tiny("a"), at: .now)
        #expect(batch.hasRoom)
        batch.join(try .tiny("b") { $0.guidanceScale = 1 }, at: .now)
        #expect(batch.hasRoom, "one row is left")
        batch.join(try .tiny("c") { $0.samples = 10 }, at: .now)
        #expect(!batch.hasRoom)
    }

    @Test func aJobThatMayEndWorkersRunsAlone() throws {
        var batch = StepBatch(rowLimit: 100)
        let first = try ClaimedJob.tiny("a")
        let suspect = try ClaimedJob.tiny("b", failures: 1)
        batch.join(first, at: .now)
        batch.join(suspect, at: .now)
        #expect(!batch.hasRoom)
        let endings = try run(&batch) { turn, _ in if case .step(let pictures) = turn { #expect(pictures.count == 1) } }
        #expect(endings.map(\.lease) == [first.lease, suspect.lease])
    }

    @Test func aJobJoinsBetweenTwoEvaluations() throws {
        var batch = StepBatch(rowLimit: 100)
        batch.join(try .tiny("a") { $0.steps = 6 }, at: .now)
        var steps: [Int] = []
        let endings = try run(&batch) { turn, batch in
            guard case .step(let pictures) = turn else { return }
            steps.append(pictures.count)
            if steps.count == 3 { batch.join(try .tiny("b") { $0.steps = 6 }, at: .now) }
        }
        #expect(endings.count == 2)
        #expect(steps == [1, 1, 1, 2, 2, 2, 1, 1, 1])
    }

    @Test func aJobThatLeavesIsNotWorkedOnAnyMore() throws {
        var batch = StepBatch(rowLimit: 100)
        let leaving = try ClaimedJob.tiny("a") { $0.steps = 100 }
        let staying = try ClaimedJob.tiny("b")
        batch.join(leaving, at: .now)
        batch.join(staying, at: .now)
        var steps = 0
        let endings = try run(&batch) { turn, batch in
            guard case .step(let pictures) = turn else { return }
            steps += 1
            #expect(steps == 1 || pictures.allSatisfy { $0.key.lease == staying.lease })
            batch.leave([leaving.lease])
        }
        #expect(endings.map(\.lease) == [staying.lease])
    }

    @Test func aRequestThatTheModelCannotRunFailsAloneAndByName() throws {
        var batch = StepBatch(rowLimit: 100)
        // The picture's own noise cannot be reached with a strength that leaves no step: refused where it is sampled.
        let bad = try ClaimedJob.tiny("bad") { $0.steps = 1500 }
        batch.join(bad, at: .now)
        batch.join(try .tiny("good"), at: .now)
        let endings = try run(&batch)
        #expect(endings.count == 2)
        let failed = try #require(endings.first { $0.lease == bad.lease })
        guard case .failure(let failure) = failed.outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.told.code == .invalidParameter)
        #expect(failure.told.message.contains("steps"))
    }

    @Test func aPictureThatTurnsIntoNoNumbersDoesNotSpoilItsNeighbours() throws {
        var batch = StepBatch(rowLimit: 100)
        let bad = try ClaimedJob.tiny("bad") {
            $0.guidanceScale = 1e38
            $0.steps = 6
        }
        let good = try ClaimedJob.tiny("good") { $0.steps = 6 }
        batch.join(bad, at: .now)
        batch.join(good, at: .now)
        let endings = try run(&batch)
        let made = try #require(endings.first { $0.lease == good.lease }).outcome.get()
        #expect(try made.images == engine.run(good.request).images)
        guard case .failure(let failure) = endings.first(where: { $0.lease == bad.lease })?.outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.told.code == .invalidOutput)
        #expect(!failure.isRetryable)
    }

    @Test func progressIsToldAsIfPicturesWereMadeOneAfterTheOther() throws {
        var batch = StepBatch(rowLimit: 4)
        batch.join(
            try .tiny("a") {
                $0.scheduler = "Heun"
                $0.samples = 3
            },
            at: .now
        )
        var told: [GenerationProgress] = []
        while let turn = batch.schedule() {
            _ = batch.update(engine.perform(turn), at: .now)
            told += batch.standings.map(\.progress)
        }
        let done = told.map { $0.sample * $0.steps + $0.step }
        #expect(told.allSatisfy { $0.steps == 3 && (0...3).contains($0.step) && (0...2).contains($0.sample) })
        #expect(done == done.sorted())
        #expect(told.last == GenerationProgress(sample: 2, step: 3, steps: 3))
    }

    @Test func aRepeatedPromptSkipsTheTextEncoder() throws {
        for prompt in ["a cat", "a dog", "a cat", "a dog"] {
            var batch = StepBatch(rowLimit: 4)
            batch.join(try .tiny("a") { $0.prompt = prompt }, at: .now)
            _ = try run(&batch)
        }
        #expect(engine.conditionings.misses == 3, "two prompts, and the empty negative one")
    }

    /// Runs a batch to its end.
    private func run(
        _ batch: inout StepBatch,
        watch: (Turn, inout StepBatch) throws -> Void = { _, _ in }
    ) throws -> [Ending] {
        var endings: [Ending] = []
        while let turn = batch.schedule() {
            try watch(turn, &batch)
            endings += batch.update(engine.perform(turn), at: .now)
        }
        return endings
    }
}

extension Turn {
    fileprivate var kind: String {
        switch self {
        case .begin: "begin"
        case .step: "step"
        case .finish: "finish"
        }
    }
}

extension ClaimedJob {
    /// A job as a store would hand it out.
    static func tiny(
        _ worker: String,
        failures: Int = 0,
        _ change: (inout GenerationParameters) -> Void = { _ in }
    ) throws -> ClaimedJob {
        ClaimedJob(
            lease: Lease(job: JobID(), worker: WorkerID(worker), number: failures + 1),
            request: try .tiny(change),
            submitted: .now,
            deadline: Timestamp.now.advanced(by: .seconds(600)),
            failures: failures
        )
    }
}

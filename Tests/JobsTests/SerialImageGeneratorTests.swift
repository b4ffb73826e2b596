// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Jobs

struct SerialImageGeneratorTests {
    private func request(seed: Int64) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        parameters.seed = seed
        return try GenerationRequest(
            validating: parameters,
            limits: GenerationLimits(),
            defaults: GenerationDefaults(width: 256, height: 256)
        )
    }

    @Test func `requests run one at a time and in order`() async throws {
        let base = GatedGenerator()
        let serial = SerialImageGenerator(base, maxWaiting: 8)
        #expect(serial.state == .ready)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<4 {
                let request = try request(seed: Int64(index))
                group.addTask { _ = try await serial.generate(request) }
                // The first runs, or this one waits, before the next arrives.
                while serial.state != .busy || serial.waitingCount < index { await Task.yield() }
            }
            #expect(serial.state == .busy)
            for _ in 0..<4 { base.release() }
            try await group.waitForAll()
        }
        #expect(base.log.withLock(\.started) == [0, 1, 2, 3])
        #expect(base.log.withLock(\.mostAtOnce) == 1)
        #expect(serial.state == .ready)
    }

    @Test func `a full line refuses at once and says when to come back`() async throws {
        let base = GatedGenerator()
        let serial = SerialImageGenerator(base, maxWaiting: 0)
        let running = Task { [request = try request(seed: 1)] in try await serial.generate(request) }
        await base.waitUntilStarted(1)
        let error = await #expect(throws: GenerationError.self) { try await serial.generate(request(seed: 2)) }
        guard case .queueFull(let delay) = error else {
            Issue.record("threw \(error as Any)")
            return
        }
        #expect(delay > .zero)
        base.release()
        _ = try await running.value
    }

    @Test func `a cancelled request leaves the line and is never run`() async throws {
        let base = GatedGenerator()
        let serial = SerialImageGenerator(base, maxWaiting: 1)
        let running = Task { [request = try request(seed: 1)] in try await serial.generate(request) }
        await base.waitUntilStarted(1)
        let waiting = Task { [request = try request(seed: 2)] in try await serial.generate(request) }
        while serial.waitingCount < 1 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        base.release()
        _ = try await running.value
        #expect(base.log.withLock(\.started) == [1])
    }

    /// A request that failed at once must not tell the next caller to come back at once.
    @Test func `only requests that made their pictures say how long one takes`() async throws {
        let base = GatedGenerator(failingSeeds: [1])
        let serial = SerialImageGenerator(base, maxWaiting: 0)
        base.release()
        await #expect(throws: GenerationError.invalidOutput(reason: "NaN")) {
            try await serial.generate(request(seed: 1))
        }
        let running = Task { [request = try request(seed: 2)] in try await serial.generate(request) }
        await base.waitUntilStarted(2)
        await #expect(throws: GenerationError.queueFull(retryAfter: .seconds(1))) {
            try await serial.generate(request(seed: 3))
        }
        base.release()
        _ = try await running.value
    }

    @Test func `a failure lets the next one run`() async throws {
        let base = GatedGenerator(failingSeeds: [1])
        base.release()
        base.release()
        let serial = SerialImageGenerator(base, maxWaiting: 1)
        await #expect(throws: GenerationError.invalidOutput(reason: "NaN")) {
            try await serial.generate(request(seed: 1))
        }
        _ = try await serial.generate(request(seed: 2))
        #expect(base.log.withLock(\.started) == [1, 2])
    }
}

/// A generator that finishes one request for each call of ``release()``.
final class GatedGenerator: ImageGenerator {
    struct Log {
        var started: [Int64] = []
        var running = 0
        var mostAtOnce = 0
    }

    let log = Mutex(Log())
    let state = GeneratorState.ready
    private let failingSeeds: Set<Int64>
    private let gate = AsyncStream<Void>.makeStream()
    private let starts = AsyncStream<Void>.makeStream()

    init(failingSeeds: Set<Int64> = []) { self.failingSeeds = failingSeeds }

    func release() { gate.continuation.yield() }

    func waitUntilStarted(_ count: Int) async {
        for await _ in starts.stream.prefix(count) {}
    }

    func generate(
        _ request: GenerationRequest,
        progress: @escaping @Sendable (GenerationProgress) -> Void
    ) async throws -> GenerationResult {
        log.withLock { log in
            log.started.append(request.seed.value)
            log.running += 1
            log.mostAtOnce = max(log.mostAtOnce, log.running)
        }
        starts.continuation.yield()
        defer { log.withLock { $0.running -= 1 } }
        for await _ in gate.stream.prefix(1) {}
        try Task.checkCancellation()
        if failingSeeds.contains(request.seed.value) { throw GenerationError.invalidOutput(reason: "NaN") }
        return GenerationResult(images: [], timings: GenerationTimings(inference: .milliseconds(1)))
    }
}

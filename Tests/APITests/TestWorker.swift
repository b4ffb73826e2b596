// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Synchronization

/// A worker that remembers what it was asked for and answers with small pictures of one colour.
final class TestWorker: Sendable {
    /// How jobs end.
    enum Outcome: Sendable {
        case pictures(warnings: [String])
        case failure(JobFailure)
        /// With pictures, after a while.
        case slow(Duration)
        /// With pictures, after these reports.
        case reporting([JobProgress])
        /// Never, until the lease is lost.
        case hang
        /// Nobody takes any jobs.
        case away
    }

    private let outcome: Outcome
    private let recorded = Mutex<[GenerationRequest]>([])
    /// One element for each job whose lease was lost.
    let cancellations = AsyncStream<Void>.makeStream()
    /// One element for each job that was started.
    let starts = AsyncStream<Void>.makeStream()

    init(_ outcome: Outcome) {
        self.outcome = outcome
    }

    var requests: [GenerationRequest] { recorded.withLock { $0 } }

    /// Takes jobs from `store` until the task is cancelled.
    func run(_ store: any WorkStore) async {
        if case .away = outcome { return }
        await withDiscardingTaskGroup { group in
            let id = WorkerID()
            while !Task.isCancelled {
                let jobs = try? await store.claim(by: id, upTo: 8, size: nil, waitingUpTo: .seconds(1))
                for job in jobs ?? [] {
                    group.addTask { try? await self.work(on: job, store) }
                }
            }
        }
    }

    private func work(on job: ClaimedJob, _ store: any WorkStore) async throws {
        recorded.withLock { $0.append(job.request) }
        starts.continuation.yield()
        var warnings: [String] = []
        switch outcome {
        case .pictures(let given):
            warnings = given
        case .failure(let failure):
            _ = try await store.fail(job.lease, failure, isRetryable: false)
            return
        case .slow(let duration):
            try await Task.sleep(for: duration)
        case .reporting(let reports):
            for report in reports {
                _ = try await store.heartbeat([Heartbeat(lease: job.lease, progress: report)])
            }
        case .hang:
            while try await store.heartbeat([Heartbeat(lease: job.lease)]).isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
            cancellations.continuation.yield()
            return
        case .away:
            return
        }
        _ = try await store.complete(job.lease, with: try result(of: job.request, warnings: warnings))
    }

    private func result(of request: GenerationRequest, warnings: [String]) throws -> GenerationResult {
        let pixels = try RGBImage(width: 4, height: 4, pixels: [UInt8](repeating: 200, count: 48))
        let bytes = try ImageEncoder(format: request.outputFormat, quality: request.quality).encode(pixels)
        let images = (0..<request.samples).map { index in
            GeneratedImage(
                bytes: bytes,
                format: request.outputFormat,
                width: request.width,
                height: request.height,
                seed: request.seed.advanced(by: index)
            )
        }
        return GenerationResult(
            images: images,
            warnings: warnings,
            timings: GenerationTimings(queue: .milliseconds(10), inference: .milliseconds(1_900))
        )
    }
}

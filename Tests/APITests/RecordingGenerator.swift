// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Synchronization

/// A generator that remembers what it was asked for and answers with small pictures of one colour.
final class RecordingGenerator: ImageGenerator {
    /// How requests end.
    enum Outcome {
        case pictures(warnings: [String])
        case failure(any Error & Sendable)
        /// With pictures, after a while.
        case slow(Duration)
        /// Never, until the task is cancelled.
        case hang
    }

    let state: GeneratorState
    private let outcome: Outcome
    private let recorded = Mutex<[GenerationRequest]>([])
    /// One element for each request that was cancelled.
    let cancellations = AsyncStream<Void>.makeStream()
    /// One element for each request that was started.
    let starts = AsyncStream<Void>.makeStream()

    init(_ outcome: Outcome = .pictures(warnings: []), state: GeneratorState = .ready) {
        self.outcome = outcome
        self.state = state
    }

    var requests: [GenerationRequest] { recorded.withLock { $0 } }

    func generate(
        _ request: GenerationRequest,
        progress: @escaping @Sendable (GenerationProgress) -> Void
    ) async throws -> GenerationResult {
        recorded.withLock { $0.append(request) }
        starts.continuation.yield()
        switch outcome {
        case .failure(let error):
            throw error
        case .hang:
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancellations.continuation.yield()
                throw error
            }
            throw CancellationError()
        case .slow(let duration):
            try await Task.sleep(for: duration)
            return try result(of: request, warnings: [])
        case .pictures(let warnings):
            return try result(of: request, warnings: warnings)
        }
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

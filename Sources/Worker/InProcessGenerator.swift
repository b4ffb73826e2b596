// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import Jobs
import StableDiffusion
import Synchronization

/// Makes pictures in this process, on a thread of the engine's own.
///
/// Requests run one after the other; ``SerialImageGenerator`` bounds how many wait.
package final class InProcessGenerator: ImageGenerator {
    private let engine: PictureEngine
    private let queue = DispatchQueue(label: "darkroom.engine", qos: .userInitiated)

    package init(engine: PictureEngine) {
        self.engine = engine
    }

    package var state: GeneratorState { .ready }

    package func generate(
        _ request: GenerationRequest,
        progress: @escaping @Sendable (GenerationProgress) -> Void
    ) async throws -> GenerationResult {
        let isCancelled = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { [self] in
                    continuation.resume(
                        with: Result { try run(request, isCancelled: isCancelled, progress: progress) }
                    )
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    private func run(
        _ request: GenerationRequest,
        isCancelled: Flag,
        progress: (GenerationProgress) -> Void
    ) throws -> GenerationResult {
        let started = ContinuousClock.now
        do {
            let output = try engine.run(request) { step in
                guard !isCancelled.isSet else { throw CancellationError() }
                progress(GenerationProgress(step))
            }
            return GenerationResult(
                images: output.images,
                warnings: output.warnings,
                timings: GenerationTimings(inference: ContinuousClock.now - started)
            )
        } catch PipelineError.invalidOutput(let reason) {
            throw GenerationError.invalidOutput(reason: reason)
        } catch let error as SamplerError {
            throw ValidationError(error)
        }
    }
}

/// A flag that one thread raises and another looks at.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() {
        value.store(true, ordering: .relaxed)
    }
}

extension GenerationProgress {
    /// Evaluations of the model count as steps: some samplers take two of them a step.
    fileprivate init(_ progress: PipelineProgress) {
        let perPicture = max(progress.evaluations / max(progress.pictures, 1), 1)
        self.init(
            sample: progress.picture,
            step: progress.evaluation - progress.picture * perPicture,
            steps: perPicture
        )
    }
}

extension ValidationError {
    /// What the model's own noise schedule cannot do is the request's affair: another scheduler or number of steps can.
    fileprivate init(_ error: SamplerError) {
        switch error {
        case .stepsOutOfRange(let steps, let maximum):
            self.init(.steps, "must be between 1 and \(maximum) with this model", given: steps)
        case .strengthOutOfRange(let strength), .strengthLeavesNoStep(let strength, _):
            self.init(.strength, "must leave at least one step to run", given: strength)
        case .timestepOutOfRange, .unsupported:
            self.init(.scheduler, "cannot be used so with this model: \(error)")
        }
    }
}

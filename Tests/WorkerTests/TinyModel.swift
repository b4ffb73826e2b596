// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import StableDiffusion
import Tensor
import Worker

/// The engine tests' model of random weights: noise, but fast.
enum TinyModel {
    private static let path = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "StableDiffusionTests/Fixtures/tiny/diffusers").path

    static func engine(threads: Int = 2) throws -> PictureEngine {
        PictureEngine(
            modelName: "tiny",
            model: try StableDiffusionModel(
                ModelSource(path: path),
                on: CPUDevice(precision: .float32, threads: threads)
            )
        )
    }
}

extension GenerationRequest {
    /// A request of 64x64 pixels and two steps, unless `change` says otherwise.
    static func tiny(_ change: (inout GenerationParameters) -> Void = { _ in }) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        parameters.prompt = "a cat"
        parameters.steps = 2
        parameters.seed = 1
        change(&parameters)
        var limits = GenerationLimits()
        limits.side = 8...512
        limits.steps = 1...2000
        limits.guidanceScale = 0 ... .greatestFiniteMagnitude
        return try GenerationRequest(
            validating: parameters,
            limits: limits,
            defaults: GenerationDefaults(width: 64, height: 64)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Jobs
import StableDiffusion
import Tensor
import Worker

/// What `darkroom generate` prints with `--json`.
///
/// Times are seconds.
struct GenerateReport: Encodable {
    struct File: Encodable {
        var path: String
        var seed: Int64
        var width: Int
        var height: Int
    }

    struct Seconds: Encodable {
        var loading: Double
        var textEncoding: Double
        var imageEncoding: Double
        var denoising: Double
        var decoding: Double
        var fileEncoding: Double
        var total: Double
    }

    var model: String
    var scheduler: String
    var steps: Int
    var guidanceScale: Double
    var dtype: String
    var seeds: [Int64]
    var files: [File]
    var evaluations: Int
    var seconds: Seconds
    var peakMemoryBytes: Int
    var warnings: [String]

    init(
        request: GenerationRequest,
        engine: PictureEngine,
        made: PictureEngine.Output,
        paths: [String],
        loading: Double,
        total: Double
    ) {
        model = engine.modelName
        scheduler = request.scheduler.rawValue
        steps = request.steps
        guidanceScale = request.guidanceScale
        dtype = engine.model.device.precision.rawValue
        seeds = made.images.map(\.seed.value)
        files = zip(paths, made.images).map { path, image in
            File(path: path, seed: image.seed.value, width: image.width, height: image.height)
        }
        evaluations = made.evaluations
        seconds = Seconds(
            loading: loading,
            textEncoding: made.timings.textEncoding,
            imageEncoding: made.timings.imageEncoding,
            denoising: made.timings.denoising,
            decoding: made.timings.decoding,
            fileEncoding: made.fileEncoding,
            total: total
        )
        peakMemoryBytes = ProcessMemory.peakBytes
        warnings = made.warnings
    }
}

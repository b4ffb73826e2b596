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
    /// From the start of the command to a loaded model.
    var loadS: Double
    /// From the start of the process to the first evaluation of the UNet.
    var firstForwardS: Double?
    var seconds: Seconds
    var packedWeights: PackedWeightsReport
    var peakMemoryBytes: Int
    var warnings: [String]

    init(
        request: GenerationRequest,
        engine: PictureEngine,
        made: PictureEngine.Output,
        paths: [String],
        loading: Double,
        firstForward: Double?,
        total: Double,
        packedWeights: PackedWeightsReport
    ) {
        model = engine.modelName
        scheduler = request.scheduler.rawValue
        steps = request.steps
        guidanceScale = request.guidanceScale
        dtype = engine.model.device.arithmetic.rawValue
        seeds = made.images.map(\.seed.value)
        files = zip(paths, made.images).map { path, image in
            File(path: path, seed: image.seed.value, width: image.width, height: image.height)
        }
        evaluations = made.evaluations
        seconds = Seconds(
            textEncoding: made.timings.textEncoding,
            imageEncoding: made.timings.imageEncoding,
            denoising: made.timings.denoising,
            decoding: made.timings.decoding,
            fileEncoding: made.fileEncoding,
            total: total
        )
        loadS = loading
        firstForwardS = firstForward
        self.packedWeights = packedWeights
        peakMemoryBytes = ProcessMemory.peakBytes
        warnings = made.warnings
    }
}

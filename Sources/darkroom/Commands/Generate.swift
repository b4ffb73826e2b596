// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ImageCodec
import Jobs
import StableDiffusion
import Worker

/// Makes pictures from a prompt and writes them to files.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make pictures from a prompt.")

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var cacheOptions: CacheOptions

    @Option(parsing: .unconditional, help: "What the picture shows.")
    var prompt: String

    @Option(parsing: .unconditional, help: "What the picture must not show.")
    var negativePrompt: String?

    @Option(help: "A sampler: \(Scheduler.allCases.map(\.rawValue).joined(separator: ", ")).")
    var scheduler: String?

    @Option(help: "Steps of the sampler, 1 to 150 (default: 25).")
    var steps: Int?

    @Option(
        parsing: .unconditional,
        help: "How closely the prompt is followed, 0 to 30; 1 or less halves the work (default: 7.5)."
    )
    var guidanceScale: Double?

    @Option(parsing: .unconditional, help: "The first picture's seed; picture k uses seed + k (default: random).")
    var seed: Int64?

    @Option(help: "Pixels, a multiple of 8 (default: the model's own size).")
    var width: Int?

    @Option(help: "Pixels, a multiple of 8 (default: the model's own size).")
    var height: Int?

    @Option(help: "How many pictures, 1 to 10 (default: 1).")
    var samples: Int?

    @Option(help: ArgumentHelp("A picture to start from: PNG, JPEG or WebP.", valueName: "file"))
    var image: String?

    @Option(parsing: .unconditional, help: "How much of --image is changed, 0 to 1 (default: 1).")
    var strength: Double?

    @Option(help: "Fidelity of JPEG and WebP files, 1 to 100 (default: 95).")
    var quality: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write: .png, .jpg or .webp.", valueName: "file"))
    var output = "picture.png"

    @Flag(help: "Print seeds, files, seconds per stage, evaluations, packed weights and peak memory as JSON.")
    var json = false

    func validate() throws {
        guard ImageFormat(path: output) != nil else {
            throw ValidationError("--output must end in .png, .jpg, .jpeg or .webp. Given: \(output)")
        }
        // Found out now and not after the work.
        let directory = URL(filePath: output).deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: directory) else {
            throw ValidationError("--output: cannot write to '\(directory)'")
        }
    }

    func run() throws {
        let interrupt = Interrupt()
        let clock = ContinuousClock()
        let start = clock.now
        let source = try modelOptions.source()
        let request = try request(source: source)
        let model = try modelOptions.load(source, cache: cacheOptions, on: deviceOptions.open(cache: cacheOptions))
        try interrupt.check()
        let loading = (clock.now - start) / .seconds(1)

        let engine = PictureEngine(modelName: modelOptions.name, model: model)
        let bar = ProgressBar()
        defer { bar.clear() }
        var firstForward: Double?
        let made = try engine.run(request) { progress in
            if progress.evaluation == 0 { firstForward = firstForward ?? ProcessStart().elapsed / .seconds(1) }
            try interrupt.check()
            bar.update(done: progress.evaluation, total: progress.evaluations, label: "Denoising")
        }
        bar.clear()

        let paths = paths(count: made.images.count)
        for (path, image) in zip(paths, made.images) {
            try write(image, to: path)
        }
        let total = (clock.now - start) / .seconds(1)
        try report(
            GenerateReport(
                request: request,
                engine: engine,
                made: made,
                paths: paths,
                loading: loading,
                firstForward: firstForward,
                total: total,
                packedWeights: PackedWeightsReport(waitingFor: model.packedOrigin)
            )
        )
    }

    private func request(source: ModelSource) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        parameters.prompt = prompt
        parameters.negativePrompt = negativePrompt
        parameters.samples = samples
        parameters.scheduler = scheduler
        parameters.steps = steps
        parameters.guidanceScale = guidanceScale
        parameters.strength = strength
        parameters.seed = seed
        parameters.width = width
        parameters.height = height
        parameters.outputFormat = ImageFormat(path: output)?.rawValue
        parameters.quality = quality
        if let image {
            parameters.image = try reference(at: image)
        }
        let native = source.nativeSize
        do {
            return try GenerationRequest(
                validating: parameters,
                limits: .commandLine,
                defaults: GenerationDefaults(width: native, height: native)
            )
        } catch {
            throw ValidationError("\(error.field.flag) \(error.limit)" + (error.given.map { ". Given: \($0)" } ?? ""))
        }
    }

    private func reference(at path: String) throws -> ReferenceImage {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--image: cannot read '\(path)'")
        }
        do {
            return try ReferenceImage(validating: [UInt8](data), limits: DecodingLimits())
        } catch {
            throw ValidationError("--image: \(path): \(error)")
        }
    }

    /// The output's own path for one picture, numbered ones for several.
    private func paths(count: Int) -> [String] {
        guard count > 1 else { return [output] }
        let dot = output.lastIndex(of: ".") ?? output.endIndex
        return (0..<count).map { "\(output[..<dot])-\($0)\(output[dot...])" }
    }

    private func write(_ image: GeneratedImage, to path: String) throws {
        do {
            try Data(image.bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure(subject: path, reason: error.localizedDescription)
        }
    }

    private func report(_ report: GenerateReport) throws {
        if json {
            try Terminal.printJSON(report)
        } else {
            for file in report.files { print(file.path) }
        }
        for warning in report.warnings { Terminal.note("warning: \(warning)\n") }
    }
}

extension GenerationLimits {
    /// What the command line allows: sizes are the user's own affair.
    fileprivate static var commandLine: GenerationLimits {
        var limits = GenerationLimits()
        limits.side = 8...2048
        return limits
    }
}

extension ParameterName {
    /// The option of `darkroom generate` that sets this field.
    fileprivate var flag: String {
        switch self {
        case .steps: "--steps"
        case .width: "--width"
        case .height: "--height"
        case .outputFormat: "--output"
        default: "--" + rawValue.replacing("_", with: "-")
        }
    }
}

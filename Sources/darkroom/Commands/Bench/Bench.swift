// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import StableDiffusion
import Tensor
import Worker

/// Times each network of a model and says where the time goes.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Time a model's networks and say where the time goes.")

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var cacheOptions: CacheOptions

    @Option(help: "Width and height of the picture in pixels, a multiple of 8.")
    var size = 512

    @Option(help: "Rows of an evaluation of the UNet, each with latents of its own.")
    var rows = 2

    @Option(help: "Runs of each network after one that does not count; their median is reported.")
    var repeats = 3

    @Flag(help: "Also time whole pictures of 25 steps with guidance.")
    var picture = false

    @Flag(help: "Instead of times, say how far each 8-bit layer of the UNet is from bfloat16, whatever --dtype says.")
    var layers = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (8...2048).contains(size), size.isMultiple(of: 8) else {
            throw ValidationError("--size must be a multiple of 8 between 8 and 2048. Given: \(size)")
        }
        guard (1...64).contains(rows) else {
            throw ValidationError("--rows must be between 1 and 64. Given: \(rows)")
        }
        guard (1...1000).contains(repeats) else {
            throw ValidationError("--repeats must be between 1 and 1000. Given: \(repeats)")
        }
        if layers, picture || deviceOptions.device != .cpu || deviceOptions.isFast {
            throw ValidationError("--layers compares on the processor, untimed: no --picture, --device or --fast")
        }
    }

    func run() throws {
        if layers { return try compareLayers() }
        var runs = BenchRuns(repeats: repeats, networks: picture ? 5 : 4, profiles: 2)
        defer { runs.finish() }
        let processor = try deviceOptions.open(cache: cacheOptions)
        let device = ProfilingDevice(processor)

        // 1. Load, and stop where the first evaluation would start.
        let clock = ContinuousClock()
        let start = clock.now
        let model = try modelOptions.load(modelOptions.source(), cache: cacheOptions, on: device)
        let load = (clock.now - start) / .seconds(1)
        let inputs = BenchInputs(model, size: size, rows: rows)
        let firstForward = ProcessStart().elapsed / .seconds(1)

        // 2. Time
        let peakBefore = processor.measurePeak()
        let unet = try runs.median("UNet") { inputs.runUNet(of: model) }
        let guided = try runs.median("Step with guidance") { inputs.runGuidedStep(of: model) }
        let decode = try runs.median("Decoder") { inputs.runDecoder(of: model) }
        let textPair = try runs.median("Text encoder") { inputs.runTextEncoder(of: model) }
        let pictureTime = picture ? try runs.median("Picture") { try inputs.makePicture(with: model, size: size) } : nil
        let peakAfter = processor.measurePeak()

        // 3. Look closer, in runs of their own
        let unetProfile = try runs.profile("UNet by kind", on: device) { inputs.runUNet(of: model) }
        let decoderProfile = try runs.profile("Decoder by kind", on: device) { inputs.runDecoder(of: model) }
        runs.finish()

        let peak = max(peakBefore, peakAfter)
        let report = BenchReport(
            model: modelOptions.name,
            size: size,
            rows: rows,
            dtype: processor.arithmetic.rawValue,
            kernels: processor.codePath,
            threads: deviceOptions.threads,
            repeats: repeats,
            unetSeconds: unet,
            guidedStepSeconds: guided,
            vaeDecodeSeconds: decode,
            textPairSeconds: textPair,
            pictureSeconds: pictureTime,
            loadSeconds: load,
            firstForwardSeconds: firstForward,
            peakMemoryGB: Double(ProcessMemory.peakBytes) * 1e-9,
            deviceMemoryGB: (processor as? CUDADevice).map { Double($0.usedMemory) * 1e-9 },
            peakGFLOPSBefore: peakBefore * 1e-9,
            peakGFLOPSAfter: peakAfter * 1e-9,
            breakdown: BenchReport.Breakdown(
                unet: BenchReport.Kinds(unetProfile, peak: peak),
                decoder: BenchReport.Kinds(decoderProfile, peak: peak)
            )
        )
        if json {
            try Terminal.printJSON(report)
        } else {
            print(report.text)
        }
    }

    private func compareLayers() throws {
        let device = ComparingDevice(
            CPUDevice(.bfloat16, threads: deviceOptions.threads),
            and: CPUDevice(.int8, threads: deviceOptions.threads)
        )
        let model = try StableDiffusionModel(
            modelOptions.source(),
            tokenizerConvention: modelOptions.tokenizerConvention,
            on: device
        )
        BenchInputs(model, size: size, rows: rows).runUNet(of: model)
        let distances = LayerDistances(model: modelOptions.name, device.takeDistances())
        if json {
            try Terminal.printJSON(distances)
        } else {
            print(distances.text)
        }
    }
}

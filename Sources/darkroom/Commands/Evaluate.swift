// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import StableDiffusion
import Tensor

/// Runs single networks on tensors from files, for comparison with other implementations.
///
/// `Scripts/compare-full-size` describes the files; tensors are in torch's `[rows, channels, height, width]` order.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run single networks on tensors from files.",
        shouldDisplay: false
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var cacheOptions: CacheOptions

    @Option(help: "A directory of cases, each with inputs.safetensors.")
    var input: String

    @Option(help: "Where to write outputs.safetensors for each case.")
    var output: String

    @Option(help: "Evaluations of each case; the time of the fastest is reported.")
    var repeats = 1

    func run() throws {
        let model = try modelOptions.load(
            modelOptions.source(),
            cache: cacheOptions,
            on: deviceOptions.open(cache: cacheOptions)
        )
        var report: [String: Double] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: input).sorted() {
            let path = URL(filePath: input).appending(path: name).appending(path: "inputs.safetensors").path
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let inputs = try SafetensorsFile(path: path)
            let clock = ContinuousClock()
            var outputs: [NamedValues] = []
            for _ in 0..<max(repeats, 1) {
                let start = clock.now
                outputs = try model.evaluate(inputs)
                report[name] = min(report[name] ?? .infinity, (clock.now - start) / .seconds(1))
            }
            let folder = URL(filePath: output).appending(path: name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try SafetensorsWriter.write(outputs, to: folder.appending(path: "outputs.safetensors").path)
        }
        _ = PackedWeightsReport(waitingFor: model.packedOrigin)
        report["peak_memory_gb"] = Double(ProcessMemory.peakBytes) / 1e9
        try Terminal.printJSON(report)
    }
}

private typealias NamedValues = (name: String, shape: [Int], values: [Float])

extension StableDiffusionModel {
    /// Runs the network that the names of the inputs ask for.
    fileprivate func evaluate(_ inputs: SafetensorsFile) throws -> [NamedValues] {
        if inputs.names.contains("ids") {
            let (shape, ids) = try inputs.integers("ids")
            guard shape == [shape[0], textEncoder.configuration.maxPositions] else {
                throw ValidationError("ids: \(shape) are not prompts")
            }
            let prompts = (0..<shape[0]).map { Array(ids[$0 * shape[1]..<($0 + 1) * shape[1]]) }
            let hidden = textEncoder(prompts)
            return [("context", hidden.shape.extents, device.download(hidden))]
        }
        if inputs.names.contains("timestep") {
            let context = try inputs.tensor("context")
            let prediction = unet(
                try upload(inputs.tensor("latent")),
                timesteps: try inputs.tensor("timestep").floats(),
                conditioning: unet.conditioning(device.upload(context.floats(), shape: context.shape))
            )
            return [download("output", prediction)]
        }
        if inputs.names.contains("latent") {
            return [download("image", autoencoder.decoder(try upload(inputs.tensor("latent"))))]
        }
        let moments = download("moments", autoencoder.encoder(try upload(inputs.tensor("image"))))
        var shape = moments.shape
        shape[1] /= 2
        let half = moments.values.count / 2
        return [
            ("mean", shape, Array(moments.values[..<half])),
            ("logvar", shape, Array(moments.values[half...])),
        ]
    }

    private func upload(_ view: WeightView) throws -> Tensor {
        let extents = view.shape.extents
        guard extents.count == 4 else {
            throw ValidationError("\(view.name): \(extents) is not [rows, channels, height, width]")
        }
        let shape = LatentShape(channels: extents[1], height: extents[2], width: extents[3])
        let values = view.floats()
        let rows = (0..<extents[0]).flatMap { row in
            shape.channelsLast(Array(values[row * shape.count..<(row + 1) * shape.count]))
        }
        return device.upload(rows, shape: [extents[0], shape.height, shape.width, shape.channels])
    }

    private func download(_ name: String, _ tensor: Tensor) -> NamedValues {
        let extents = tensor.shape.extents
        let shape = LatentShape(channels: extents[3], height: extents[1], width: extents[2])
        let values = device.download(tensor)
        let rows = (0..<extents[0]).flatMap { row in
            shape.channelsFirst(Array(values[row * shape.count..<(row + 1) * shape.count]))
        }
        return (name, [extents[0], shape.channels, shape.height, shape.width], rows)
    }
}

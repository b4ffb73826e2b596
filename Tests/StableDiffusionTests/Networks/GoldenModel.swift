// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

/// The tiny model of `Fixtures/tiny`, and what diffusers makes of it.
struct GoldenModel {
    let source: ModelSource
    let device: any Device

    init(
        precision: DType = .float32,
        threads: Int = 2,
        instructionSet: InstructionSet = .fastest,
        predictionType: PredictionType? = nil
    ) throws {
        source = try ModelSource(path: Fixture.url("tiny/diffusers").path, predictionType: predictionType)
        device = CPUDevice(precision: precision, threads: threads, instructionSet: instructionSet)
    }

    func textEncoder() throws -> TextEncoder {
        try TextEncoder(source.textEncoder, weights: source.weights(of: .textEncoder), on: device)
    }

    func unet() throws -> UNet {
        try UNet(source.unet, weights: source.weights(of: .unet), on: device)
    }

    func autoencoder() throws -> Autoencoder {
        try Autoencoder(source.autoencoder, weights: source.weights(of: .autoencoder), on: device)
    }
}

/// A file of golden tensors in torch's order, seen in the engine's.
struct GoldenTensors {
    let file: SafetensorsFile
    let device: any Device

    init(_ name: String, on device: any Device) throws {
        file = try SafetensorsFile(path: Fixture.url("\(name).safetensors").path)
        self.device = device
    }

    /// The values of a tensor, channels last.
    func values(_ name: String) throws -> [Float] {
        let view = try file.tensor(name)
        guard view.shape.rank == 4 else { return view.floats() }
        let values = view.floats()
        let shape = LatentShape(channels: view.shape[1], height: view.shape[2], width: view.shape[3])
        return (0..<view.shape[0]).flatMap { row in
            shape.channelsLast(Array(values[row * shape.count..<(row + 1) * shape.count]))
        }
    }

    /// A tensor on the device, channels last.
    func tensor(_ name: String) throws -> Tensor {
        let extents = try file.tensor(name).shape.extents
        let shape = extents.count == 4 ? [extents[0], extents[2], extents[3], extents[1]] : extents
        return device.upload(try values(name), shape: Shape(shape))
    }

    /// Token ids, one prompt a row.
    func prompts(_ name: String) throws -> [[Int]] {
        let (shape, ids) = try file.integers(name)
        return (0..<shape[0]).map { Array(ids[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }

    /// Expects `actual` to be the golden tensor `name` within a relative L2 distance.
    func expect(
        _ actual: Tensor,
        equals name: String,
        within tolerance: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let distance = relativeL2(device.download(actual), try values(name))
        #expect(distance <= tolerance, "\(name)", sourceLocation: sourceLocation)
    }
}

/// The length of the difference over the length of `expected`; infinite for different counts.
func relativeL2(_ actual: [Float], _ expected: [Float]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var difference = 0.0
    var length = 0.0
    for (a, b) in zip(actual, expected) {
        difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
        length += Double(b) * Double(b)
    }
    return (difference / length).squareRoot()
}

// SPDX-License-Identifier: Apache-2.0

// Speed of the products Stable Diffusion is made of, beside the peak of the processor's multiply-add units.
//
//     swift run -c release kernels [threads] [bfloat16|float32|int8] [instruction set by number]

import Foundation
import Tensor

/// The device that the arguments describe, or nil if they are wrong.
func chosenDevice(_ arguments: ArraySlice<String>) -> CPUDevice? {
    var rest = arguments
    let threads = rest.popFirst().map { Int($0) ?? 0 } ?? ProcessInfo.processInfo.activeProcessorCount
    let arithmetic = rest.popFirst().map { Arithmetic(rawValue: $0) } ?? .bfloat16
    let instructionSet = rest.popFirst().map { Int($0).flatMap(InstructionSet.init(rawValue:)) } ?? .fastest
    guard let arithmetic, let instructionSet, InstructionSet.available.contains(instructionSet), threads > 0,
        rest.isEmpty
    else { return nil }
    return CPUDevice(arithmetic, threads: threads, instructionSet: instructionSet)
}

guard let device = chosenDevice(CommandLine.arguments.dropFirst()) else {
    print("usage: kernels [threads] [bfloat16|float32|int8] [instruction set by number]")
    exit(64)
}

func report(_ name: String, operations: Double, peak before: Double, _ body: () -> Void) {
    let runs = max(3, min(20, Int(before / operations)))
    let time = measure(runs: runs, threads: device.threads, body)
    // A neighbour on the same host shows in the peak, too.
    let peak = max(before, device.measurePeak())
    let best = operations / time.best
    let label = name.padding(toLength: 40, withPad: " ", startingAt: 0)
    print(
        label,
        String(format: "%7.2f ms", time.best * 1e3),
        String(format: "%7.0f GFLOP/s", best * 1e-9),
        String(format: "%4.0f %%", best / peak * 100),
        String(format: "median %7.0f", operations / time.median * 1e-9)
    )
}

print("\(device.instructionSet), \(device.arithmetic), \(device.threads) threads")
let start = device.measurePeak()
print(String(format: "peak %.0f GFLOP/s", start * 1e-9))

for shape in LinearShape.all {
    let x = device.upload(Noise.values(shape.rows * shape.inputs), shape: [shape.rows, shape.inputs])
    let weight = Noise([shape.outputs, shape.inputs])
    let weights =
        shape.isGated
        ? device.pack(gatedLinear: weight, bias: nil, isQuantizable: true, at: .own)
        : device.pack(linear: weight, bias: nil, isQuantizable: true, at: .own)
    let residual =
        shape.isGated
        ? nil : device.upload(Noise.values(shape.rows * shape.outputs), shape: [shape.rows, shape.outputs])
    report(
        "linear \(shape.rows) x \(shape.inputs) -> \(shape.outputs)\(shape.isGated ? " gated" : "")",
        operations: 2 * Double(shape.rows * shape.inputs * shape.outputs),
        peak: start
    ) {
        _ = device.linear(x, weights, activation: shape.isGated ? .geglu : .none, residual: residual)
    }
}

for shape in ConvolutionShape.all {
    let x = device.upload(
        Noise.values(shape.rows * shape.extent * shape.extent * shape.inputs),
        shape: [shape.rows, shape.extent, shape.extent, shape.inputs]
    )
    let weights = device.pack(convolution: Noise([shape.outputs, shape.inputs, 3, 3]), bias: nil)
    let geometry = ConvolutionGeometry(stride: shape.stride, leading: 1, trailing: 1, upsamples: shape.upsamples)
    let extent = geometry.outputExtent(shape.extent, kernel: 3)
    let name = "conv \(shape.rows) x \(shape.inputs) -> \(shape.outputs) @\(shape.extent)/\(shape.stride)"
    let operations = 18 * Double(shape.rows * extent * extent * shape.inputs * shape.outputs)
    report(name + (shape.upsamples ? " upsampled" : ""), operations: operations, peak: start) {
        _ = device.convolution(x, weights, geometry: geometry, rowBias: nil, residual: nil)
    }
    guard shape.upsamples else { continue }
    report(name + " made first", operations: operations, peak: start) {
        let enlarged = device.upsampleNearest(x, height: extent, width: extent)
        _ = device.convolution(enlarged, weights, geometry: geometry.afterUpsampling, rowBias: nil, residual: nil)
    }
}

for shape in AttentionShape.all {
    report(
        "attention \(shape.rows) x \(shape.queries) to \(shape.keys), \(shape.heads) x \(shape.headSize)",
        operations: shape.operations,
        peak: start,
        shape.run(on: device)
    )
}

for shape in NormalizationShape.all {
    shape.report(on: device)
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor
import Testing

@Suite struct ElementwiseTests {
    /// Everywhere that matters, densely around zero, and where exponentials overflow.
    private static let arguments: [Float] =
        stride(from: -20, to: 20, by: 0.0137).map { Float($0) }
        + [0, -0.0, 1e-30, -1e-30, 87, 88.5, 89, 100, 3e4, -87, -88.5, -89, -104, -3e4]

    @Test(arguments: DeviceVariant.all)
    func `silu is x times the logistic function`(_ variant: DeviceVariant) {
        let device = variant.device()
        let x = device.upload(Self.arguments, shape: [Self.arguments.count])
        let truth = device.download(x).map { Reference.apply(.silu, Double($0)) }
        let result = device.download(device.activate(x, .silu))
        #expect(largestError(result, truth) < (variant.precision == .float32 ? 2.5e-7 : variant.tolerance))
    }

    @Test(arguments: DeviceVariant.all)
    func `gelu is x times the normal distribution function`(_ variant: DeviceVariant) {
        let device = variant.device()
        let x = device.upload(Self.arguments, shape: [Self.arguments.count])
        let truth = device.download(x).map { Reference.gelu(Double($0)) }
        let result = device.download(device.activate(x, .gelu))
        #expect(largestError(result, truth) < (variant.precision == .float32 ? 2.5e-7 : variant.tolerance))
    }

    @Test(arguments: DeviceVariant.all)
    func `activations of nothing, of any count, and of what is not a number`(_ variant: DeviceVariant) {
        let device = variant.device(threads: 3)
        #expect(device.download(device.activate(device.upload([], shape: [0]), .silu)).isEmpty)
        var random = Values(seed: 5)
        let values = random.next(40_003, scale: 3)
        let whole = device.download(device.activate(device.upload(values, shape: [values.count]), .gelu))
        for count in 1..<35 {
            let part = device.upload(Array(values.prefix(count)), shape: [count])
            #expect(device.download(device.activate(part, .gelu)) == Array(whole.prefix(count)))
        }
        let one = CPUDevice(precision: variant.precision, threads: 1, instructionSet: variant.instructionSet)
        #expect(one.download(one.activate(one.upload(values, shape: [values.count]), .gelu)) == whole)
        let broken = device.upload([1, .nan, 2], shape: [3])
        for activation in [Activation.silu, .gelu] {
            #expect(device.download(device.activate(broken, activation)).map(\.isNaN) == [false, true, false])
        }
    }

    @Test(arguments: DeviceVariant.all)
    func `without an activation everything stays`(_ variant: DeviceVariant) {
        let device = variant.device()
        let x = device.upload(Self.arguments, shape: [Self.arguments.count])
        #expect(device.download(device.activate(x, .none)) == device.download(x))
    }

    @Test(arguments: DeviceVariant.all)
    func `an embedding is the token's entry plus that of its position`(_ variant: DeviceVariant) {
        let device = variant.device()
        for channels in [1, 7, 16, 40] {
            var random = Values(seed: channels)
            let table = random.next(9 * channels, precision: variant.precision)
            let places = random.next(4 * channels, precision: .bfloat16)
            let tokens = [0, 8, 3, 3, 5, 8, 1]
            let result = device.download(
                device.embed(
                    tokens,
                    device.pack(embedding: HostArray(table, shape: [9, channels], elementType: .float32)),
                    positions: device.pack(embedding: HostArray(places, shape: [4, channels], elementType: .bfloat16))
                )
            )
            var truth: [Double] = []
            for (index, token) in tokens.enumerated() {
                for channel in 0..<channels {
                    let place = places[index % 4 * channels + channel]
                    truth.append(Double(table[token * channels + channel]) + Double(place))
                }
            }
            #expect(largestError(result, truth) < 2 * variant.tolerance)
        }
    }

    @Test(arguments: DeviceVariant.all)
    func `upsampling repeats the nearest pixel above and to the left`(_ variant: DeviceVariant) {
        let device = variant.device(threads: 3)
        for (height, width) in [(6, 10), (7, 9), (3, 5), (2, 3), (11, 4)] {
            let shape: Shape = [2, 3, 5, 7]
            // Small whole numbers, exact in either precision.
            let values = (0..<shape.count).map { Float($0 % 251) }
            let result = device.upsampleNearest(
                device.upload(values, shape: shape),
                height: height,
                width: width
            )
            #expect(result.shape == [2, height, width, 7])
            var truth: [Float] = []
            for row in 0..<2 {
                for y in 0..<height {
                    for x in 0..<width {
                        let start = ((row * 3 + y * 3 / height) * 5 + x * 5 / width) * 7
                        truth += values[start..<(start + 7)]
                    }
                }
            }
            #expect(device.download(result) == truth)
        }
    }

    @Test(arguments: DeviceVariant.all)
    func `concatenation puts the channels of each pixel side by side`(_ variant: DeviceVariant) {
        let device = variant.device(threads: 3)
        let first = (0..<(2 * 150 * 3)).map { Float($0 % 127) }
        let second = (0..<(2 * 150 * 5)).map { Float(-($0 % 113)) }
        let result = device.concatenate(
            device.upload(first, shape: [2, 150, 3]),
            device.upload(second, shape: [2, 150, 5])
        )
        #expect(result.shape == [2, 150, 8])
        var truth: [Float] = []
        for pixel in 0..<300 {
            truth += first[(pixel * 3)..<(pixel * 3 + 3)]
            truth += second[(pixel * 5)..<(pixel * 5 + 5)]
        }
        #expect(device.download(result) == truth)
    }
}

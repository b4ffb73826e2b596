// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensor

@Suite struct DeviceCheckTests {
    @Test(arguments: [DType.float32, .bfloat16])
    func `the processor's own operations are right and do not depend on other rows`(precision: DType) {
        let results = DeviceCheck.run(on: CPUDevice(precision: precision, threads: 2), threads: 2, largest: 30_000)
        #expect(results.count > 25)
        for result in results {
            #expect(result.isRight, "\(result.operation): \(result.error)")
            #expect(result.isRowIndependent, "\(result.operation)")
        }
    }

    @Test func `a device that computes something else is found out`() {
        let results = DeviceCheck.run(on: WrongDevice(), threads: 1, largest: 3_000)
        let wrong = results.filter { !$0.isRight }.map(\.operation)
        #expect(!wrong.isEmpty)
        #expect(wrong.allSatisfy { $0.contains("silu") || $0.contains("gelu") })
        #expect(results.filter { !$0.isRowIndependent }.allSatisfy { $0.operation.hasPrefix("upsampling") })
        #expect(results.contains { !$0.isRowIndependent })
    }
}

/// A processor whose activations are a little too large, and whose upsampling looks at how many rows there are.
private final class WrongDevice: ForwardingDevice {
    let device: any Device = CPUDevice(.float32, threads: 1)

    func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        let result = device.activate(x, activation)
        return device.upload(device.download(result).map { $0 * 1.01 }, shape: result.shape)
    }

    func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor {
        let result = device.upsampleNearest(x, height: height, width: width)
        let values = device.download(result).map { $0 * (1 + Float(x.shape[0]) * 1e-7) }
        return device.upload(values, shape: result.shape)
    }
}

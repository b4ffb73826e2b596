// SPDX-License-Identifier: Apache-2.0

import Tensor
import Testing

@Suite struct ComparingDeviceTests {
    @Test func `a quantizable layer is computed on both devices and its distance told`() {
        let reference = CPUDevice(.bfloat16, threads: 1)
        let device = ComparingDevice(reference, and: CPUDevice(.int8, threads: 1))
        var values = Values(seed: 3)
        let weight = HostArray(values.next(40 * 64), shape: [40, 64])
        let x = device.upload(values.next(6 * 64), shape: [6, 64])
        let plain = device.pack(linear: weight, bias: nil, isQuantizable: false, at: .own)
        let quantizable = device.pack(linear: weight, bias: nil, isQuantizable: true, at: .own)

        let results = [plain, quantizable].map {
            device.download(device.linear(x, $0, activation: .none, residual: nil))
        }
        #expect(results[0] == results[1])
        let distances = device.takeDistances()
        #expect(distances.count == 1)
        #expect((1e-3...2e-2).contains(distances.first?.relativeL2 ?? 0))
        #expect(device.takeDistances().isEmpty)
    }
}

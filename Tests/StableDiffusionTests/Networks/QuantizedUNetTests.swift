// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite struct QuantizedUNetTests {
    private func prediction(_ device: CPUDevice) throws -> [Float] {
        let source = try ModelSource(path: Fixture.url("tiny/diffusers").path)
        let golden = try GoldenTensors("blocks/networks", on: device)
        let unet = try UNet(source.unet, weights: source.weights(of: .unet), on: device)
        return device.download(
            unet(
                try golden.tensor("unet.9x13.latent"),
                timesteps: try golden.values("unet.timestep"),
                conditioning: unet.conditioning(try golden.tensor("text.context"))
            )
        )
    }

    @Test func `the UNet of 8-bit linear layers stays close to diffusers and differs from bfloat16`() throws {
        let exact = try prediction(CPUDevice(.float32, threads: 2))
        let plain = try prediction(CPUDevice(.bfloat16, threads: 2))
        let quantized = try prediction(CPUDevice(.int8, threads: 2))
        #expect(quantized != plain)
        #expect(relativeL2(quantized, exact) < 3e-2)
    }

    @Test func `threads change no bit of the UNet of 8-bit linear layers`() throws {
        let results = try [1, 2, 3, 5].map { try prediction(CPUDevice(.int8, threads: $0)) }
        #expect(results.allSatisfy { $0 == results[0] })
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Testing

@testable import Tensor

@Suite struct StepMemoryTests {
    @Test(arguments: Arithmetic.allCases)
    func `after two evaluations of a size no more memory is asked of the system`(arithmetic: Arithmetic) throws {
        let device = CPUDevice(arithmetic, threads: 1)
        let source = try ModelSource(path: Fixture.url("tiny/diffusers").path)
        let golden = try GoldenTensors("blocks/networks", on: device)
        let unet = try UNet(source.unet, weights: source.weights(of: .unet), on: device)
        let latent = try golden.tensor("unet.9x13.latent")
        let timesteps = try golden.values("unet.timestep")
        let conditioning = unet.conditioning(try golden.tensor("text.context"))
        // The first fills the pool; the second finds other neighbours free than the first did.
        for _ in 0..<2 { _ = unet(latent, timesteps: timesteps, conditioning: conditioning) }
        let allocations = device.pool.allocations
        for _ in 0..<3 { _ = unet(latent, timesteps: timesteps, conditioning: conditioning) }
        #expect(allocations > 0)
        #expect(device.pool.allocations == allocations)
    }
}

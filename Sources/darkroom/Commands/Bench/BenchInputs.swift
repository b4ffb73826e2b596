// SPDX-License-Identifier: Apache-2.0

import StableDiffusion
import Tensor

/// What the networks are evaluated on: noise of the shape that a picture's latents have, and two prompts.
struct BenchInputs {
    let latents: Tensor
    /// One row, whatever the UNet's number of rows: a picture is decoded alone.
    let decoded: Tensor
    let timesteps: [Float]
    let conditioning: Conditioning
    /// One picture's latents, and its prompt and negative prompt.
    let guided: (latents: Tensor, conditioning: Conditioning)
    let prompts: [[Int]]

    init(_ model: StableDiffusionModel, size: Int, rows: Int) {
        let shape = model.latentShape(width: size, height: size)
        var generator = TorchGenerator(seed: 0)
        func noise(_ shape: Shape) -> Tensor {
            model.device.upload(generator.normal(count: shape.count), shape: shape)
        }
        latents = noise([rows, shape.height, shape.width, shape.channels])
        decoded = noise([1, shape.height, shape.width, shape.channels])
        timesteps = [Float](repeating: 500, count: rows)
        let texts = ["", "a photograph of an astronaut riding a horse"]
        prompts = texts.map { model.tokenizer.encode($0).ids }
        let conditionings = texts.map { model.conditioning(for: $0) }
        conditioning = .stack((0..<rows).map { conditionings[$0 % 2] }, on: model.device)
        guided = (decoded, .stack(conditionings, on: model.device))
    }

    func runUNet(of model: StableDiffusionModel) {
        _ = model.unet(latents, timesteps: timesteps, conditioning: conditioning)
        model.device.synchronize()
    }

    func runGuidedStep(of model: StableDiffusionModel) {
        _ = model.unet(guided.latents, timesteps: [500], conditioning: guided.conditioning)
        model.device.synchronize()
    }

    func runDecoder(of model: StableDiffusionModel) {
        _ = model.autoencoder.decoder(decoded)
        model.device.synchronize()
    }

    func runTextEncoder(of model: StableDiffusionModel) {
        _ = model.textEncoder(prompts)
        model.device.synchronize()
    }

    /// A whole picture, from its prompt to its pixels.
    func makePicture(with model: StableDiffusionModel, size: Int) throws {
        _ = try model.generate(
            PictureRequest(
                prompt: "a photograph of an astronaut riding a horse",
                steps: 25,
                seed: 1,
                width: size,
                height: size
            )
        )
    }
}

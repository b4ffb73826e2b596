// SPDX-License-Identifier: Apache-2.0

import StableDiffusion
import Tensor
import Testing

/// Whole networks of the tiny model against diffusers and transformers.
@Suite struct NetworkTests {
    /// float32 differs by rounding alone; bfloat16 rounds every activation to 8 bits.
    static let precisions: [(DType, Double)] = [(.float32, 1e-5), (.bfloat16, 2e-2)]

    @Test(arguments: precisions)
    func textEncoderEqualsTransformers(precision: DType, tolerance: Double) throws {
        let model = try GoldenModel(precision: precision)
        let golden = try GoldenTensors("blocks/networks", on: model.device)
        let hidden = try model.textEncoder()(golden.prompts("text.ids"))
        try golden.expect(hidden, equals: "text.context", within: tolerance)
    }

    @Test(arguments: precisions, ["16x16", "12x20", "9x13"])
    func unetEqualsDiffusersAtAnySize(precision: (DType, Double), size: String) throws {
        let model = try GoldenModel(precision: precision.0)
        let golden = try GoldenTensors("blocks/networks", on: model.device)
        let unet = try model.unet()
        let prediction = unet(
            try golden.tensor("unet.\(size).latent"),
            timesteps: try golden.values("unet.timestep"),
            conditioning: unet.conditioning(try golden.tensor("text.context"))
        )
        try golden.expect(prediction, equals: "unet.\(size).output", within: precision.1)
    }

    @Test(arguments: precisions, ["8x8", "5x9"])
    func decoderEqualsDiffusers(precision: (DType, Double), size: String) throws {
        let model = try GoldenModel(precision: precision.0)
        let golden = try GoldenTensors("blocks/networks", on: model.device)
        let decoded = try model.autoencoder().decoder(golden.tensor("decode.\(size).latent"))
        try golden.expect(decoded, equals: "decode.\(size).image", within: precision.1)
    }

    @Test(arguments: precisions, ["64x64", "40x72"])
    func encoderEqualsDiffusers(precision: (DType, Double), size: String) throws {
        let model = try GoldenModel(precision: precision.0)
        let golden = try GoldenTensors("blocks/networks", on: model.device)
        let moments = try model.autoencoder().encoder(golden.tensor("encode.\(size).image"))
        let values = model.device.download(moments)
        let channels = moments.shape.channels
        let halves = [("mean", 0..<channels / 2), ("logvar", channels / 2..<channels)]
        for (name, range) in halves {
            let half = stride(from: 0, to: values.count, by: channels).flatMap { pixel in
                values[pixel + range.lowerBound..<pixel + range.upperBound]
            }
            let distance = relativeL2(half, try golden.values("encode.\(size).\(name)"))
            #expect(distance <= precision.1, "\(name)")
        }
    }

    @Test(arguments: InstructionSet.available, precisions)
    func everyInstructionSetEqualsDiffusers(instructionSet: InstructionSet, precision: (DType, Double)) throws {
        let model = try GoldenModel(precision: precision.0, instructionSet: instructionSet)
        let golden = try GoldenTensors("blocks/networks", on: model.device)
        let hidden = try model.textEncoder()(golden.prompts("text.ids"))
        try golden.expect(hidden, equals: "text.context", within: precision.1)
        let unet = try model.unet()
        let prediction = unet(
            try golden.tensor("unet.9x13.latent"),
            timesteps: try golden.values("unet.timestep"),
            conditioning: unet.conditioning(try golden.tensor("text.context"))
        )
        try golden.expect(prediction, equals: "unet.9x13.output", within: precision.1)
        let decoded = try model.autoencoder().decoder(golden.tensor("decode.5x9.latent"))
        try golden.expect(decoded, equals: "decode.5x9.image", within: precision.1)
    }

    @Test(arguments: DType.allCases)
    func aRowDoesNotDependOnItsNeighboursOrTheThreads(precision: DType) throws {
        var outputs: [[Float]] = []
        for threads in [1, 2, 3, 5] {
            let model = try GoldenModel(precision: precision, threads: threads)
            let golden = try GoldenTensors("blocks/networks", on: model.device)
            let unet = try model.unet()
            let latents = try golden.tensor("unet.12x20.latent")
            let conditioning = unet.conditioning(try golden.tensor("text.context"))
            let timesteps = try golden.values("unet.timestep")
            let pair = unet(latents, timesteps: timesteps, conditioning: conditioning)
            let six = unet(
                model.device.stack([latents, latents, latents]),
                timesteps: timesteps + timesteps + timesteps,
                conditioning: .stack([conditioning, conditioning, conditioning], on: model.device)
            )
            let values = model.device.download(pair)
            #expect(model.device.download(six) == values + values + values, "\(threads) threads")

            // Each row alone, on a device that has just computed another shape.
            let rowSize = values.count / 2
            for row in 0..<2 {
                let shape = latents.shape
                let size = shape.count / 2
                let latent = model.device.upload(
                    Array(try golden.values("unet.12x20.latent")[row * size..<(row + 1) * size]),
                    shape: [1, shape[1], shape[2], shape[3]]
                )
                let context = try golden.tensor("text.context").shape
                let embedding = model.device.upload(
                    Array(try golden.values("text.context")[row * context.count / 2..<(row + 1) * context.count / 2]),
                    shape: [1, context[1], context[2]]
                )
                let alone = unet(latent, timesteps: [timesteps[row]], conditioning: unet.conditioning(embedding))
                #expect(
                    model.device.download(alone) == Array(values[row * rowSize..<(row + 1) * rowSize]),
                    "row \(row)"
                )
            }
            outputs.append(values)
        }
        #expect(outputs.allSatisfy { $0 == outputs[0] })
    }

    /// Guidance: what both prompts' rows have in common is computed once.
    @Test(arguments: DType.allCases)
    func latentsOfSeveralPromptsAreWorthTheSameAsRepeatedOnes(precision: DType) throws {
        let model = try GoldenModel(precision: precision)
        let golden = try GoldenTensors("blocks/networks", on: model.device)
        let unet = try model.unet()
        let latents = try golden.tensor("unet.12x20.latent")
        let timesteps = try golden.values("unet.timestep")
        let context = try golden.tensor("text.context")
        let values = try golden.values("text.context")
        let swapped = model.device.upload(
            Array(values[(values.count / 2)...] + values[..<(values.count / 2)]),
            shape: context.shape
        )
        let conditioning = Conditioning.stack(
            [unet.conditioning(context), unet.conditioning(swapped), unet.conditioning(context)],
            on: model.device
        )
        let once = unet(latents, timesteps: timesteps, conditioning: conditioning)
        let repeated = unet(
            model.device.stack([latents, latents, latents]),
            timesteps: timesteps + timesteps + timesteps,
            conditioning: conditioning
        )
        #expect(once.shape == repeated.shape)
        #expect(model.device.download(once) == model.device.download(repeated))
    }
}

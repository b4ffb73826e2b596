// SPDX-License-Identifier: Apache-2.0

import Tensor
import Testing

@testable import StableDiffusion

/// Every kind of block against diffusers, so that a network which differs can be searched for where.
@Suite struct BlockTests {
    let model: GoldenModel
    let golden: GoldenTensors
    let layers: LayerBuilder
    let configuration: UNetConfiguration

    init() throws {
        model = try GoldenModel()
        golden = try GoldenTensors("blocks/unet", on: model.device)
        layers = LayerBuilder(device: model.device, weights: try model.source.weights(of: .unet))
        configuration = model.source.unet
    }

    /// What residual blocks are given: the time embedding after its SiLU.
    private var time: Tensor {
        get throws { model.device.activate(try golden.tensor("time_embedding.output"), .silu) }
    }

    @Test func timeEmbeddingTakesWholeAndFractionalTimesteps() throws {
        let time = try TimeEmbedding(layers, configuration)
        let embedding = time(time.waves(try golden.values("time.timestep")))
        let expected = model.device.activate(try golden.tensor("time.embedding"), .silu)
        #expect(relativeL2(model.device.download(embedding), model.device.download(expected)) <= 1e-4)
    }

    @Test(arguments: [
        ("down_blocks.1.resnets.0", 16, 24), ("down_blocks.1.resnets.1", 24, 24), ("mid_block.resnets.1", 40, 40),
        ("up_blocks.3.resnets.0", 40, 16),
    ])
    func residualBlock(path: String, inputs: Int, outputs: Int) throws {
        let block = try ResidualBlock(
            layers.scope(path),
            inputs,
            outputs,
            groups: configuration.normGroups,
            epsilon: configuration.normEpsilon,
            timeChannels: configuration.timeEmbeddingSize
        )
        try golden.expect(
            block(try golden.tensor("\(path).input"), time: try time),
            equals: "\(path).output",
            within: 1e-5
        )
    }

    @Test(arguments: [
        ("down_blocks.0.attentions.1", 16, 2), ("down_blocks.1.attentions.0", 24, 3), ("mid_block.attentions.0", 40, 5),
    ])
    func transformerBlock(path: String, channels: Int, heads: Int) throws {
        let block = try TransformerBlock(layers.scope(path), channels, heads: heads, configuration: configuration)
        let prompt = block.keysAndValues(try golden.tensor("context"))
        try golden.expect(
            block(try golden.tensor("\(path).input"), prompt: prompt),
            equals: "\(path).output",
            within: 1e-5
        )
    }

    @Test(arguments: 0..<4)
    func downBlock(level: Int) throws {
        let path = "down_blocks.\(level)"
        let block = try DownBlock(layers.scope(path), level: level, configuration: configuration)
        var prompts = Conditioning.Cursor(try conditioning(of: block.layers))
        var skips: [Tensor] = []
        let hidden = block(try golden.tensor("\(path).input"), time: try time, prompts: &prompts, skips: &skips)
        try golden.expect(hidden, equals: "\(path).output", within: 1e-5)
        for (index, skip) in skips.enumerated() {
            try golden.expect(skip, equals: "\(path).skip\(index)", within: 1e-5)
        }
        #expect(skips.count == (level == 3 ? 2 : 3))
    }

    @Test func middleBlock() throws {
        let block = try MidBlock(layers.scope("mid_block"), configuration: configuration)
        var prompts = Conditioning.Cursor(try conditioning(of: [block.first]))
        let hidden = block(try golden.tensor("mid_block.input"), time: try time, prompts: &prompts)
        try golden.expect(hidden, equals: "mid_block.output", within: 1e-5)
    }

    @Test(arguments: 0..<4)
    func upBlock(level: Int) throws {
        let path = "up_blocks.\(level)"
        let block = try UpBlock(layers.scope(path), level: level, configuration: configuration)
        var prompts = Conditioning.Cursor(try conditioning(of: block.layers))
        // The way up takes from the end; before its own skips lies the next level's, whose size it returns to.
        var skips = try (0..<3).reversed().map { try golden.tensor("\(path).skip\($0)") }
        if level < 3 { skips.insert(try golden.tensor("up_blocks.\(level + 1).skip0"), at: 0) }
        let hidden = block(try golden.tensor("\(path).input"), time: try time, prompts: &prompts, skips: &skips)
        try golden.expect(hidden, equals: "\(path).output", within: 1e-5)
    }

    @Test func upsamplingReachesOddSizes() throws {
        let upsample = try Upsample(layers.scope("up_blocks.0"), 40)
        let resized = upsample(try golden.tensor("resized.input"), height: 3, width: 5)
        try golden.expect(resized, equals: "resized.output", within: 1e-5)
    }

    private func conditioning(of layers: [UNetLayer]) throws -> Conditioning {
        let context = try golden.tensor("context")
        return Conditioning(layers: layers.compactMap { $0.transformer?.keysAndValues(context) })
    }
}

/// The autoencoder's and the text encoder's blocks against diffusers and transformers.
@Suite struct OtherBlockTests {
    @Test(arguments: [("encoder", 0, 8, 8), ("encoder", 1, 8, 16), ("encoder", 2, 16, 24), ("encoder", 3, 24, 24)])
    func encoderLevel(half: String, level: Int, inputs: Int, outputs: Int) throws {
        try expectLevel("encoder.down_blocks.\(level)", inputs, outputs, count: 2, level == 3 ? .none : .down)
    }

    @Test(arguments: [(0, 24, 24), (1, 24, 24), (2, 24, 16), (3, 16, 8)])
    func decoderLevel(level: Int, inputs: Int, outputs: Int) throws {
        try expectLevel("decoder.up_blocks.\(level)", inputs, outputs, count: 3, level == 3 ? .none : .up)
    }

    @Test(arguments: ["encoder", "decoder"])
    func middleWithAttentionOverAllPixels(half: String) throws {
        let model = try GoldenModel()
        let golden = try GoldenTensors("blocks/vae", on: model.device)
        let layers = LayerBuilder(device: model.device, weights: try model.source.weights(of: .autoencoder))
        let path = "\(half).mid_block"
        let middle = try AutoencoderMiddle(layers.scope(path), 24, configuration: model.source.autoencoder)
        try golden.expect(middle(try golden.tensor("\(path).input")), equals: "\(path).output", within: 1e-5)
    }

    @Test(arguments: 0..<3)
    func textEncoderLayer(index: Int) throws {
        let model = try GoldenModel()
        let golden = try GoldenTensors("blocks/text_encoder", on: model.device)
        let layers = LayerBuilder(device: model.device, weights: try model.source.weights(of: .textEncoder))
        let path = "encoder.layers.\(index)"
        let layer = try TextEncoderLayer(layers.scope(path), model.source.textEncoder)
        try golden.expect(layer(try golden.tensor("\(path).input")), equals: "\(path).output", within: 1e-5)
    }

    private func expectLevel(
        _ path: String,
        _ inputs: Int,
        _ outputs: Int,
        count: Int,
        _ resampling: AutoencoderLevel.Resampling
    ) throws {
        let model = try GoldenModel()
        let golden = try GoldenTensors("blocks/vae", on: model.device)
        let layers = LayerBuilder(device: model.device, weights: try model.source.weights(of: .autoencoder))
        let level = try AutoencoderLevel(
            layers.scope(path),
            inputs,
            outputs,
            count: count,
            groups: model.source.autoencoder.normGroups,
            resampling: resampling
        )
        try golden.expect(level(try golden.tensor("\(path).input")), equals: "\(path).output", within: 1e-5)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite("Model sources")
struct ModelSourceTests {
    private static let tiny = Fixture.url("tiny/diffusers")
    private static let singleFile = Fixture.url("tiny/single-file.safetensors")

    @Test func `open a diffusers directory`() throws {
        let source = try ModelSource(path: Self.tiny.path)
        #expect(source.textEncoder.hiddenSize == source.unet.crossAttentionSize)
        #expect(source.unet.blockChannels == [16, 24, 32, 40])
        #expect(source.unet.heads == [2, 3, 2, 5])
        #expect(source.unet.downLevelHasTransformer == [true, true, true, false])
        #expect(source.unet.upLevelHasTransformer == [false, true, true, true])
        #expect(source.autoencoder.blockChannels == [8, 16, 24, 24])
        #expect(source.scheduler == .stableDiffusion2())
        #expect(try source.tokenizer().contextLength == 77)
        #expect(try source.parameterCount(of: .textEncoder) == 52_120)
        _ = try source.weights(of: .unet).tensor("conv_in.bias", shape: [16])
    }

    @Test func `take the prediction type from the caller first`() throws {
        let source = try ModelSource(path: Self.tiny.path, predictionType: .epsilon)
        #expect(source.scheduler.predictionType == .epsilon)
    }

    @Test func `open a single file of the caller's sizes`() throws {
        let directory = try ModelSource(path: Self.tiny.path)
        let source = try ModelSource(
            singleFile: SafetensorsFile(path: Self.singleFile.path),
            tokenizer: Self.tiny.appending(path: "tokenizer"),
            predictionType: .velocity,
            textEncoder: directory.textEncoder,
            unet: directory.unet,
            autoencoder: directory.autoencoder
        )
        #expect(source.scheduler == directory.scheduler)
        _ = try source.weights(of: .autoencoder).tensor("encoder.mid_block.attentions.0.to_q.weight", shape: [24, 24])
        _ = try source.weights(of: .textEncoder).tensor("encoder.layers.2.self_attn.v_proj.weight", shape: [32, 32])
        _ = try source.tokenizer()
    }

    @Test(arguments: [(Float(0.08), PredictionType.epsilon, 64), (0.1, .velocity, 96)])
    func `see in a single file's weights what it predicts`(
        _ spread: Float,
        _ expected: PredictionType,
        _ sampleSize: Int
    ) throws {
        let folder = try TemporaryFolder()
        // Two values at a distance d of their mean have a standard deviation of d * sqrt(2).
        let distance = spread / Float(2).squareRoot()
        let path = try folder.write(
            "model.safetensors",
            SafetensorsBytes.file([
                .init(
                    "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias",
                    [2],
                    [0.5 - distance, 0.5 + distance]
                ),
                .init("model.diffusion_model.input_blocks.3.0.op.bias", [1], [0]),
                .init("first_stage_model.quant_conv.bias", [1], [0]),
                .init("cond_stage_model.model.ln_final.bias", [1], [0]),
            ])
        )
        let source = try ModelSource(path: path)
        #expect(source.scheduler.predictionType == expected)
        #expect(source.unet == .stableDiffusion2(sampleSize: sampleSize))
        #expect(source.autoencoder == .stableDiffusion2)
        #expect(try ModelSource(path: path, predictionType: .epsilon).unet.sampleSize == 64)
    }

    @Test func `ask what a single file predicts that does not show it`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "model.safetensors",
            SafetensorsBytes.file([
                .init("model.diffusion_model.out.2.bias", [1], [0]),
                .init("first_stage_model.quant_conv.bias", [1], [0]),
                .init("cond_stage_model.model.ln_final.bias", [1], [0]),
            ])
        )
        #expect(throws: ConfigurationError.self) { try ModelSource(path: path) }
        #expect(try ModelSource(path: path, predictionType: .velocity).unet.sampleSize == 96)
    }

    @Test(arguments: [
        "text_encoder/config.json", "unet/config.json", "vae/config.json", "scheduler/scheduler_config.json",
    ])
    func `refuse a directory without one of its files`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.tiny, to: model)
        try FileManager.default.removeItem(at: model.appending(path: name))
        let error = try #require(throws: ConfigurationError.self) { try ModelSource(path: model.path) }
        #expect(error.file.hasSuffix(name))
    }

    @Test(arguments: [
        ("unet", "cross_attention_dim", 64), ("unet", "in_channels", 9), ("unet", "out_channels", 8),
        ("vae", "latent_channels", 16),
    ])
    func `refuse components that do not fit each other`(_ component: String, _ key: String, _ value: Int) throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.tiny, to: model)
        let path = model.appending(path: component).appending(path: "config.json")
        var object = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
        )
        object[key] = value
        try JSONSerialization.data(withJSONObject: object).write(to: path)
        let error = try #require(throws: ConfigurationError.self) { try ModelSource(path: model.path) }
        #expect(error.problem.contains("channels"))
    }

    @Test func `refuse a tokenizer with more tokens than the text encoder`() throws {
        let source = try ModelSource(path: Self.tiny.path, tokenizer: Fixture.url("tokenizer/clip").path)
        #expect(throws: ConfigurationError.self) { try source.tokenizer() }
    }

    @Test func `refuse a tokenizer of another length`() throws {
        let folder = try TemporaryFolder.withSmallTokenizer(words: [])
        let source = try ModelSource(path: Self.tiny.path, tokenizer: folder.url.path)
        #expect(throws: ConfigurationError.self) { try source.tokenizer() }
    }

    @Test func `refuse a path with nothing there`() throws {
        #expect(throws: ConfigurationError.self) { try ModelSource(path: "/nowhere/model") }
    }
}

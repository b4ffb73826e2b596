// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite("Weights in the original single file")
struct SingleFileTests {
    private static let tiny = Fixture.url("tiny")

    @Test(arguments: ModelComponent.allCases)
    func `are those of the diffusers layout under the same names`(_ component: ModelComponent) throws {
        let directory = Self.tiny.appending(path: "diffusers").appending(path: component.rawValue)
        let diffusers = try WeightSource(component: component, directory: directory)
        let file = try SafetensorsFile(path: Self.tiny.appending(path: "single-file.safetensors").path)
        let original = try WeightSource(component: component, singleFile: file)

        #expect(Set(original.names) == Set(diffusers.names))
        #expect(original.parameterCount == diffusers.parameterCount)
        let stem = component == .textEncoder ? "model" : "diffusion_pytorch_model"
        let reference = try SafetensorsFile(path: directory.appending(path: "\(stem).safetensors").path)
        let reader = WeightReader(original)
        for name in reference.names {
            let expected = try reference.tensor(name)
            let today = name.hasPrefix("text_model.") ? String(name.dropFirst("text_model.".count)) : name
            let view = try reader.tensor(today, shape: expected.shape)
            #expect(view.floats() == expected.floats(), "\(name)")
        }
        try reader.finish()
    }

    /// A file with one tensor of each component, and `more`.
    private func open(_ more: SafetensorsBytes.Tensor..., without left: String? = nil) throws -> SafetensorsFile {
        let minimal: [SafetensorsBytes.Tensor] = [
            .init("model.diffusion_model.out.2.bias", [1], [1]),
            .init("first_stage_model.quant_conv.bias", [1], [2]),
            .init("cond_stage_model.model.ln_final.bias", [1], [3]),
        ]
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "model.safetensors",
            SafetensorsBytes.file(minimal.filter { $0.name != left } + more)
        )
        return try SafetensorsFile(path: path)
    }

    @Test func `leave out what only training needs`() throws {
        let file = try open(
            .init("betas", [1], [0]),
            .init("alphas_cumprod", [1], [0]),
            .init("model_ema.decay", [1], [0]),
            .init("model_ema.diffusion_modelout2bias", [1], [0]),
            .init("first_stage_model.loss.logvar", [1], [0]),
            .init("cond_stage_model.model.logit_scale", [], [0])
        )
        #expect(Set(try WeightSource(component: .unet, singleFile: file).names) == ["conv_out.bias"])
        #expect(Set(try WeightSource(component: .autoencoder, singleFile: file).names) == ["quant_conv.bias"])
        #expect(Set(try WeightSource(component: .textEncoder, singleFile: file).names) == ["final_layer_norm.bias"])
    }

    @Test(arguments: [
        ("model.diffusion_model.input_blocks.1.0.in_layers.1.weight", ModelComponent.unet),
        ("model.diffusion_model.input_blocks.-9223372036854775808.0.op.weight", .unet),
        ("model.diffusion_model.input_blocks.9223372036854775807.0.op.weight", .unet),
        ("model.diffusion_model.output_blocks.-1.0.in_layers.0.weight", .unet),
        ("model.diffusion_model.input_blocks.1.2.proj_in.weight", .unet),
        ("model.diffusion_model.middle_block.3.in_layers.0.weight", .unet),
        ("model.diffusion_model.label_emb.0.0.weight", .unet), ("model.diffusion_model.x", .unet),
        ("first_stage_model.decoder.up.-9223372036854775808.block.0.conv1.bias", .autoencoder),
        ("first_stage_model.decoder.up.9223372036854775807.block.0.conv1.bias", .autoencoder),
        ("first_stage_model.encoder.up.0.block.0.conv1.bias", .autoencoder),
        ("first_stage_model.encoder.mid.attn_1.r.bias", .autoencoder),
        ("first_stage_model.encoder.mid", .autoencoder), ("first_stage_model.decoder.up.0.x.y", .autoencoder),
        ("cond_stage_model.model.transformer.resblocks.0.ln_3.bias", .textEncoder),
        ("cond_stage_model.model.visual.proj", .textEncoder),
        ("cond_stage_model.model.transformer.resblocks.-1.ln_1.bias", .textEncoder),
    ])
    func `with a name of no known part are refused`(_ name: String, _ component: ModelComponent) throws {
        let file = try open(.init(name, [1], [0]))
        let error = try #require(throws: WeightError.self) {
            try WeightSource(component: component, singleFile: file)
        }
        #expect(error.reason == .unknown([name]))
    }

    @Test func `of another component are refused`() throws {
        // Stable Diffusion 1 has another text encoder.
        let file = try open(.init("cond_stage_model.transformer.text_model.final_layer_norm.bias", [1], [0]))
        #expect(throws: WeightError.self) { try WeightSource(component: .unet, singleFile: file) }
    }

    @Test(arguments: [
        "model.diffusion_model.out.2.bias", "first_stage_model.quant_conv.bias", "cond_stage_model.model.ln_final.bias",
    ])
    func `without one of the components are refused`(_ name: String) throws {
        let file = try open(without: name)
        #expect(throws: WeightError.self) { try WeightSource(component: .unet, singleFile: file) }
    }

    @Test func `with a joined projection that is not three are refused`() throws {
        let file = try open(
            .init("cond_stage_model.model.transformer.resblocks.0.attn.in_proj_bias", [4], [1, 2, 3, 4])
        )
        let error = try #require(throws: WeightError.self) {
            try WeightSource(component: .textEncoder, singleFile: file)
        }
        #expect(error.tensor?.hasSuffix("in_proj_bias") == true)
    }

    @Test func `converted back from diffusers keep all text layers`() throws {
        let block = "cond_stage_model.model.transformer.resblocks"
        let layers: [SafetensorsBytes.Tensor] = [
            .init("\(block).0.ln_1.bias", [1], [1]), .init("\(block).1.ln_1.bias", [1], [2]),
        ]
        let all = try WeightSource(component: .textEncoder, singleFile: open(layers[0], layers[1]))
        #expect(all.names.contains("encoder.layers.1.layer_norm1.bias"))
        let published = try WeightSource(
            component: .textEncoder,
            singleFile: open(layers[0], layers[1], .init("cond_stage_model.model.text_projection", [1], [0]))
        )
        #expect(published.names.contains("encoder.layers.0.layer_norm1.bias"))
        #expect(!published.names.contains("encoder.layers.1.layer_norm1.bias"))
    }
}

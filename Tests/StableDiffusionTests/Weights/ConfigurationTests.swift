// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Testing

@Suite("Model configurations")
struct ConfigurationTests {
    /// The published `unet/config.json` of stable-diffusion-2-1, without the keys that say who wrote it.
    static let publishedUNet = #"""
        {"act_fn": "silu", "attention_head_dim": [5, 10, 20, 20], "block_out_channels": [320, 640, 1280, 1280],
         "center_input_sample": false, "cross_attention_dim": 1024,
         "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
         "downsample_padding": 1, "dual_cross_attention": false, "flip_sin_to_cos": true, "freq_shift": 0,
         "in_channels": 4, "layers_per_block": 2, "mid_block_scale_factor": 1, "norm_eps": 1e-05,
         "norm_num_groups": 32, "num_class_embeds": null, "only_cross_attention": false, "out_channels": 4,
         "sample_size": 96, "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
         "CrossAttnUpBlock2D"], "upcast_attention": true, "use_linear_projection": true}
        """#

    private func decode<Value: Decodable>(_: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(json.utf8))
    }

    @Test func `of the published UNet are read`() throws {
        #expect(try decode(UNetConfiguration.self, Self.publishedUNet) == .stableDiffusion2(sampleSize: 96))
    }

    @Test func `of the published text encoder are read`() throws {
        let published = #"""
            {"architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": 0, "dropout": 0.0,
             "eos_token_id": 2, "hidden_act": "gelu", "hidden_size": 1024, "intermediate_size": 4096,
             "layer_norm_eps": 1e-05, "max_position_embeddings": 77, "num_attention_heads": 16, "num_hidden_layers": 23,
             "pad_token_id": 1, "projection_dim": 512, "vocab_size": 49408}
            """#
        #expect(try decode(TextEncoderConfiguration.self, published) == .stableDiffusion2)
    }

    @Test func `of the published autoencoder are read`() throws {
        let published = #"""
            {"act_fn": "silu", "block_out_channels": [128, 256, 512, 512], "down_block_types": ["DownEncoderBlock2D",
             "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"], "in_channels": 3, "latent_channels": 4,
             "layers_per_block": 2, "norm_num_groups": 32, "out_channels": 3, "sample_size": 768, "up_block_types":
             ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}
            """#
        let configuration = try decode(AutoencoderConfiguration.self, published)
        #expect(configuration == .stableDiffusion2)
        #expect(configuration.factor == 8)
    }

    @Test func `may give one number of heads for all levels`() throws {
        let json = Self.publishedUNet.replacing("[5, 10, 20, 20]", with: "8")
        #expect(try decode(UNetConfiguration.self, json).heads == [8, 8, 8, 8])
    }

    @Test func `may have any number of levels`() throws {
        let json = #"""
            {"attention_head_dim": [3, 6], "block_out_channels": [96, 192], "cross_attention_dim": 192,
             "sample_size": 16, "in_channels": 16, "out_channels": 16,
             "layers_per_block": 1, "use_linear_projection": true,
             "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
            """#
        let configuration = try decode(UNetConfiguration.self, json)
        #expect(configuration.blockChannels == [96, 192])
        #expect(configuration.downLevelHasTransformer == [true, true])
        #expect(configuration.upLevelHasTransformer == [true, true])
        #expect(configuration.timeEmbeddingSize == 384)
    }

    /// A key and a value for it that this engine does not run.
    static let refusedUNetValues = [
        ("use_linear_projection", "false"), ("dual_cross_attention", "true"), ("only_cross_attention", "true"),
        ("only_cross_attention", "[true, false, false, false]"), ("class_embed_type", "\"timestep\""),
        ("num_class_embeds", "1000"), ("addition_embed_type", "\"text_time\""), ("encoder_hid_dim", "768"),
        ("time_cond_proj_dim", "256"), ("transformer_layers_per_block", "2"),
        ("transformer_layers_per_block", "[1, 2, 10, 10]"), ("resnet_time_scale_shift", "\"scale_shift\""),
        ("mid_block_type", "null"), ("mid_block_type", "\"UNetMidBlock2D\""), ("act_fn", "\"gelu\""),
        ("center_input_sample", "true"), ("freq_shift", "2"), ("conv_in_kernel", "1"),
        ("time_embedding_type", "\"fourier\""),
        ("norm_num_groups", "null"), ("norm_num_groups", "0"), ("norm_eps", "0"),
        ("block_out_channels", "[]"), ("block_out_channels", "[320, 640, 1280, 1281]"),
        ("block_out_channels", "[0, 0, 0, 0]"),
        ("block_out_channels", "[-32, 64, 64, 64]"), ("block_out_channels", "[320, 640, 1280, 1000000000000]"),
        ("block_out_channels", "\"320\""), ("attention_head_dim", "0"), ("attention_head_dim", "[5, 10, 20]"),
        ("attention_head_dim", "7"), ("attention_head_dim", "null"), ("layers_per_block", "[2, 2, 2, 2]"),
        ("layers_per_block", "0"), ("layers_per_block", "99999999999999999999"), ("cross_attention_dim", "[1024]"),
        ("cross_attention_dim", "-1"), ("sample_size", "0"), ("sample_size", "null"), ("in_channels", "1.5"),
        ("down_block_types", "[\"DownBlock2D\"]"),
        ("down_block_types", "[\"AttnDownBlock2D\", \"DownBlock2D\", \"DownBlock2D\", \"DownBlock2D\"]"),
        ("up_block_types", "[\"SkipUpBlock2D\", \"UpBlock2D\", \"UpBlock2D\", \"UpBlock2D\"]"),
    ]

    @Test(arguments: refusedUNetValues)
    func `of a UNet this engine does not run are refused with the key`(_ key: String, _ value: String) throws {
        try expectRefusal(of: Self.publishedUNet, key: key, value: value, in: .unet)
    }

    @Test(arguments: [
        ("hidden_act", "\"quick_gelu\""), ("num_attention_heads", "7"), ("num_attention_heads", "0"),
        ("hidden_size", "-1"), ("hidden_size", "\"a\""), ("max_position_embeddings", "1000000000"), ("vocab_size", "0"),
        ("layer_norm_eps", "-1"), ("num_hidden_layers", "1e9"),
    ])
    func `of a text encoder this engine does not run are refused with the key`(_ key: String, _ value: String) throws {
        try expectRefusal(of: #"{"hidden_act": "gelu"}"#, key: key, value: value, in: .textEncoder)
    }

    @Test(arguments: [
        ("shift_factor", "0.1"), ("latents_mean", "[0, 0, 0, 0]"), ("scaling_factor", "0"), ("scaling_factor", "null"),
        ("block_out_channels", "[48]"), ("block_out_channels", "[]"), ("act_fn", "\"relu\""), ("in_channels", "4"),
        ("down_block_types", "[\"AttnDownEncoderBlock2D\"]"), ("latent_channels", "0"), ("layers_per_block", "1000"),
    ])
    func `of an autoencoder this engine does not run are refused with the key`(_ key: String, _ value: String) throws {
        try expectRefusal(of: "{}", key: key, value: value, in: .autoencoder)
    }

    /// Changes one key of a component's file in an otherwise right model and expects the error to name both.
    private func expectRefusal(of json: String, key: String, value: String, in component: ModelComponent) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            at: Fixture.url("tiny/diffusers"),
            to: folder.url.appending(path: "model")
        )
        var object = try #require(
            JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        )
        object[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let path = try folder.write(
            "model/\(component.rawValue)/config.json",
            JSONSerialization.data(withJSONObject: object)
        )
        let error = try #require(throws: ConfigurationError.self) {
            try ModelSource(path: folder.url.appending(path: "model").path)
        }
        #expect(error.file == path)
        #expect(error.problem.contains(key), "\(error)")
    }
}

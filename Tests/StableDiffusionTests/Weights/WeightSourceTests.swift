// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite("Weights in the diffusers layout")
struct WeightSourceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func values(
        _ name: String,
        of component: ModelComponent,
        shape: [Int] = [1]
    ) throws -> [Float] {
        let source = try WeightSource(component: component, directory: folder.url)
        return try WeightReader(source).tensor(name, shape: .init(shape)).floats()
    }

    private func write(_ file: String, _ tensors: SafetensorsBytes.Tensor...) throws {
        try folder.write(file, SafetensorsBytes.file(tensors))
    }

    @Test func `are found in one file, before its variants`() throws {
        try write("diffusion_pytorch_model.fp16.safetensors", .init("a", type: "F16", [1], bytes: [0x00, 0x3C]))
        #expect(try values("a", of: .unet) == [1])
        try write("diffusion_pytorch_model.safetensors", .init("a", [1], [2]))
        #expect(try values("a", of: .unet) == [2])
    }

    @Test func `of the text encoder have their own file name`() throws {
        try write("diffusion_pytorch_model.safetensors", .init("a", [1], [2]))
        let error = try #require(throws: WeightError.self) { try values("a", of: .textEncoder) }
        #expect(error.description.contains("model.safetensors"))
        try write("model.safetensors", .init("a", [1], [3]))
        #expect(try values("a", of: .textEncoder) == [3])
    }

    @Test(arguments: [
        ("diffusion_pytorch_model.safetensors.index.json", ""),
        ("diffusion_pytorch_model.safetensors.index.fp16.json", ".fp16"),
    ])
    func `are found in several files by their index`(_ index: String, _ variant: String) throws {
        let shards = (1...2).map { "diffusion_pytorch_model\(variant)-0000\($0)-of-00002.safetensors" }
        try write(shards[0], .init("a", [1], [1]), .init("b", [1], [2]))
        try write(shards[1], .init("c", [1], [3]))
        try folder.write(
            index,
            #"{"metadata": {}, "weight_map": {"a": "\#(shards[0])", "b": "\#(shards[0])", "c": "\#(shards[1])"}}"#
        )
        #expect(try ["a", "b", "c"].flatMap { try values($0, of: .unet) } == [1, 2, 3])
    }

    @Test(arguments: [
        #"{"a": "../x.safetensors"}"#, #"{"a": "/etc/passwd"}"#, #"{"a": "sub/x.safetensors"}"#, #"{"a": "x.bin"}"#,
        #"{"a": "absent.safetensors"}"#, #"{"a": "x.safetensors"}"#, #"{"b": "x.safetensors", "c": "x.safetensors"}"#,
        #"{"b": "x.safetensors", "a": "y.safetensors"}"#, #"["x.safetensors"]"#, #"{"b": 1}"#,
        #"{"b": "x\u0000.safetensors"}"#,
    ])
    func `are refused when the index and the files disagree`(_ map: String) throws {
        try write("x.safetensors", .init("b", [1], [1]))
        try write("y.safetensors", .init("b", [1], [1]))
        try folder.write("model.safetensors.index.json", #"{"weight_map": \#(map)}"#)
        #expect(throws: WeightError.self) { try WeightSource(component: .textEncoder, directory: folder.url) }
    }

    @Test(arguments: [
        "../x.safetensors", #"../\u0301x.safetensors"#, "/etc/x.safetensors", #"x\u0000.safetensors"#, "x.bin",
    ])
    func `are not looked for outside of their directory`(_ name: String) throws {
        try folder.write("model.safetensors.index.json", #"{"weight_map": {"a": "\#(name)"}}"#)
        let error = try #require(throws: WeightError.self) {
            try WeightSource(component: .textEncoder, directory: folder.url)
        }
        #expect(error.description.hasSuffix("is not the name of a safetensors file beside it"))
    }

    @Test func `of the text encoder are known with and without a prefix`() throws {
        try write(
            "model.safetensors",
            .init("text_model.final_layer_norm.bias", [1], [1]),
            .init("text_model.embeddings.position_ids", type: "I64", [1], bytes: Array(repeating: 0, count: 8)),
            .init("final_layer_norm.weight", [1], [2]),
            .init("text_projection.weight", [1], [3])
        )
        let source = try WeightSource(component: .textEncoder, directory: folder.url)
        #expect(Set(source.names) == ["final_layer_norm.bias", "final_layer_norm.weight"])
    }

    @Test func `are refused when two names mean one tensor`() throws {
        try write(
            "model.safetensors",
            .init("text_model.final_layer_norm.bias", [1], [1]),
            .init("final_layer_norm.bias", [1], [2])
        )
        #expect(throws: WeightError.self) { try WeightSource(component: .textEncoder, directory: folder.url) }
    }

    @Test func `of an old autoencoder have today's names and shapes`() throws {
        let attention = "encoder.mid_block.attentions.0"
        try write(
            "diffusion_pytorch_model.safetensors",
            .init("\(attention).query.weight", [1, 2], [1, 2]),
            .init("\(attention).key.weight", [1, 2, 1, 1], [3, 4]),
            .init("\(attention).value.bias", [1], [5]),
            .init("\(attention).proj_attn.weight", [1, 1], [6]),
            .init("\(attention).group_norm.weight", [1], [7]),
            .init("quant_conv.weight", [1, 1, 1, 1], [8])
        )
        #expect(try values("\(attention).to_q.weight", of: .autoencoder, shape: [1, 2]) == [1, 2])
        #expect(try values("\(attention).to_k.weight", of: .autoencoder, shape: [1, 2]) == [3, 4])
        #expect(try values("\(attention).to_v.bias", of: .autoencoder) == [5])
        #expect(try values("\(attention).to_out.0.weight", of: .autoencoder, shape: [1, 1]) == [6])
        #expect(try values("\(attention).group_norm.weight", of: .autoencoder) == [7])
        // A convolution that is one stays one.
        #expect(try values("quant_conv.weight", of: .autoencoder, shape: [1, 1, 1, 1]) == [8])
    }

    @Test func `count their parameters`() throws {
        try write("model.safetensors", .init("a", [2, 3], Array(repeating: 0, count: 6)), .init("b", [], [1]))
        #expect(try WeightSource(component: .textEncoder, directory: folder.url).parameterCount == 7)
    }
}

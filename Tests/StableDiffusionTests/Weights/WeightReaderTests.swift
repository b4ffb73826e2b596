// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Tensor
import Testing

@Suite("Weight reader")
struct WeightReaderTests {
    private let folder: TemporaryFolder
    private let reader: WeightReader

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "unet/diffusion_pytorch_model.safetensors",
            SafetensorsBytes.file([
                .init("conv_in.weight", [2, 3], [1, 2, 3, 4, 5, 6]), .init("conv_in.bias", [2], [7, 8]),
                .init("down.0.norm.weight", [1], [9]), .init("down.1.norm.weight", [1], [10]),
                .init("steps", type: "I64", [1], bytes: Array(repeating: 0, count: 8)),
            ])
        )
        reader = WeightReader(try WeightSource(component: .unet, directory: folder.url.appending(path: "unet")))
    }

    @Test func `finds tensors within scopes`() throws {
        #expect(try reader.tensor("conv_in.bias", shape: [2]).floats() == [7, 8])
        #expect(try reader.scope("conv_in").tensor("weight", shape: [2, 3]).floats() == [1, 2, 3, 4, 5, 6])
        let norm = try reader.scope("down").scope("1.norm").tensor("weight", shape: [1])
        #expect(norm.floats() == [10])
        #expect(norm.name == "down.1.norm.weight")
    }

    @Test func `refuses a tensor that is not there`() throws {
        let error = try #require(throws: WeightError.self) {
            try reader.scope("down.2").tensor("norm.weight", shape: [1])
        }
        #expect(error.tensor == "down.2.norm.weight")
        #expect(error.reason == .missing)
        #expect(error.file.hasSuffix("diffusion_pytorch_model.safetensors"))
    }

    @Test(arguments: [[3, 2], [6], [2, 3, 1], [2, 4], []])
    func `refuses a tensor of another shape`(_ shape: [Int]) throws {
        let error = try #require(throws: WeightError.self) {
            try reader.tensor("conv_in.weight", shape: .init(shape))
        }
        #expect(error.tensor == "conv_in.weight")
        #expect(error.reason == .wrongShape(stored: [2, 3], expected: shape))
    }

    @Test func `refuses elements that are not floating-point`() throws {
        let error = try #require(throws: WeightError.self) { try reader.tensor("steps", shape: [1]) }
        #expect(error.tensor == "steps")
        #expect(error.reason == .unsupportedType("I64"))
    }

    @Test func `refuses to finish before every tensor was read`() throws {
        _ = try reader.tensor("conv_in.weight", shape: [2, 3])
        _ = try reader.scope("down.0").tensor("norm.weight", shape: [1])
        let error = try #require(throws: WeightError.self) { try reader.finish() }
        #expect(error.reason == .unknown(["conv_in.bias", "down.1.norm.weight", "steps"]))
        #expect("\(error)".contains("down.1.norm.weight"))
    }

    @Test func `does not count a refused tensor as read`() throws {
        _ = try? reader.tensor("conv_in.bias", shape: [3])
        let error = try #require(throws: WeightError.self) { try reader.finish() }
        #expect("\(error)".contains("conv_in.bias"))
    }

    @Test func `finishes when all scopes together read everything`() throws {
        try folder.write(
            "whole/diffusion_pytorch_model.safetensors",
            SafetensorsBytes.file([.init("conv_in.weight", [1], [1]), .init("conv_in.bias", [2], [7, 8])])
        )
        let reader = WeightReader(try WeightSource(component: .unet, directory: folder.url.appending(path: "whole")))
        let copy = reader
        _ = try copy.scope("conv_in").tensor("weight", shape: [1])
        #expect(throws: WeightError.self) { try reader.finish() }
        _ = try reader.tensor("conv_in.bias", shape: [2])
        try copy.scope("conv_in").finish()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor
import Testing

@testable import StableDiffusion

/// What becomes of the autoencoder's values.
@Suite struct PictureTests {
    @Test func `values beyond white are a white picture, and beyond black a black one`() throws {
        let white = try Picture(decoded: [1, 1.01, 1.5, 1.25, 2, 1e30], width: 2, height: 1)
        #expect(white.pixels == [UInt8](repeating: 255, count: 6))
        let black = try Picture(decoded: [-1, -1.01, -1.5, -1.25, -2, -1e30], width: 1, height: 2)
        #expect(black.pixels == [UInt8](repeating: 0, count: 6))
    }

    @Test func `values are rounded to the nearest level`() throws {
        let picture = try Picture(decoded: [-0.999, 0, 0.9, 0, 0, 0], width: 2, height: 1)
        #expect(picture.pixels == [0, 128, 242, 128, 128, 128])
    }

    @Test func `values that are everywhere the same are no picture`() {
        #expect(throws: PipelineError.invalidOutput("the decoded picture is blank")) {
            try Picture(decoded: [0.5, 0, 2, 0.5, 0, 2], width: 2, height: 1)
        }
    }

    @Test(arguments: [Float.nan, Float.infinity, -Float.infinity])
    func `values that are not numbers are no picture`(value: Float) {
        #expect(throws: PipelineError.invalidOutput("the decoded picture has values that are not numbers")) {
            try Picture(decoded: [0, 0.5, value], width: 1, height: 1)
        }
    }

    @Test func `an autoencoder that gives no numbers gives neither latents nor a picture`() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: Fixture.url("tiny/diffusers"), to: path)
        try overwriteElements(of: path.appending(path: "vae/diffusion_pytorch_model.safetensors"))
        let model = try StableDiffusionModel(
            ModelSource(path: path.path),
            on: CPUDevice(precision: .float32, threads: 2)
        )
        let grey = Picture(width: 64, height: 64, pixels: [UInt8](repeating: 128, count: 64 * 64 * 3))
        #expect(throws: PipelineError.invalidOutput("the encoded picture has values that are not numbers")) {
            try model.encode(grey)
        }
        let latents = [Float](repeating: 0, count: model.latentShape(width: 64, height: 64).count)
        #expect(throws: PipelineError.invalidOutput("the decoded picture has values that are not numbers")) {
            try model.decode(latents, width: 64, height: 64)
        }
    }

    /// Makes every element of a file of weights one that is not a number, in whatever type it is stored.
    private func overwriteElements(of file: URL) throws {
        var data = try Data(contentsOf: file)
        let header = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let elements = 8 + header..<data.count
        data.replaceSubrange(elements, with: [UInt8](repeating: 0xFF, count: elements.count))
        try data.write(to: file)
    }
}

// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import StableDiffusion
import Testing

@testable import Worker

@Suite struct SketchMapTests {
    @Test func leastSquaresFindsTheMapThatThereIs() {
        var generator = SplitMix64(seed: 7)
        let map = (0..<4).map { _ in (0..<3).map { _ in Double.random(in: -2...2, using: &generator) } }
        let inputs = (0..<50).map { _ in (0..<4).map { _ in Double.random(in: -1...1, using: &generator) } }
        let outputs = inputs.map { input in
            (0..<3).map { column in (0..<4).reduce(0.0) { $0 + input[$1] * map[$1][column] } }
        }
        for (found, wanted) in zip(leastSquares(inputs, outputs).joined(), map.joined()) {
            #expect(abs(found - wanted) < 1e-4)
        }
    }

    @Test func aSketchIsAnEighthOfThePicture() throws {
        let engine = try TinyModel.engine()
        let shape = engine.model.latentShape(width: 128, height: 64)
        let map = try SketchMap(engine.model)
        let sketch = try map.sketch([Float](repeating: 0, count: shape.count), shape: shape)
        #expect(sketch.width == shape.width * map.block)
        #expect(sketch.height == shape.height * map.block)
        #expect(sketch.width * max(engine.model.autoencoder.factor / map.block, 1) == 128)
    }

    @Test func latentsThatAreNotNumbersAreNoTrouble() throws {
        let engine = try TinyModel.engine()
        let shape = engine.model.latentShape(width: 64, height: 64)
        let sketch = try SketchMap(engine.model).sketch([Float](repeating: .nan, count: shape.count), shape: shape)
        #expect(sketch.pixels.allSatisfy { $0 == 0 })
    }

    @Test func theEmbeddedKindOfColoursComeBack() throws {
        // The map is fitted on the encoder's own latents of the chart, so it gives the chart's mean colour at least.
        let engine = try TinyModel.engine()
        let factor = engine.model.autoencoder.factor
        let chart = ColourChart(side: 16 * factor)
        let shape = engine.model.latentShape(width: chart.side, height: chart.side)
        let latents = try engine.model.encode(chart.picture).mean.map {
            $0 * engine.model.autoencoder.configuration.scalingFactor
        }
        let sketch = try SketchMap(engine.model).sketch(latents, shape: shape)
        func mean(_ pixels: [UInt8]) -> Double { Double(pixels.reduce(0) { $0 + Int($1) }) / Double(pixels.count) }
        #expect(abs(mean(sketch.pixels) - mean(chart.picture.pixels)) < 8)
    }
}

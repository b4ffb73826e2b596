// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import StableDiffusion
import Synchronization

/// A cheap look at latents: a fixed linear map from each latent pixel to a small block of colours, instead of the decoder.
///
/// The block is as large as makes the sketch an eighth of the picture's size, whatever the autoencoder's factor.
struct SketchMap: Sendable {
    /// Pixels of the sketch along each side of a latent.
    let block: Int
    /// `[channels + 1, block * block * 3]`: what each channel adds to each colour, and at last the colours of no latents.
    private let weights: [Float]

    /// How much smaller than the picture a sketch is, where latents are not smaller still.
    private static let reduction = 8
    /// The side of the chart, in latents: enough pairs of latents and colours for every weight.
    private static let chartSide = 16

    /// Fits the map to a model: its own encoder tells which latents stand for which colours of a chart.
    ///
    /// Throws what ``StableDiffusionModel/encode(_:)`` throws.
    init(_ model: StableDiffusionModel) throws(PipelineError) {
        let factor = model.autoencoder.factor
        let block = max(factor / Self.reduction, 1)
        self.block = block
        let chart = ColourChart(side: Self.chartSide * factor)
        let shape = model.latentShape(width: chart.side, height: chart.side)
        let scale = model.autoencoder.configuration.scalingFactor
        let latents = try shape.channelsLast(model.encode(chart.picture).mean.map { $0 * scale })
        let inputs = (0..<shape.height * shape.width).map { pixel in
            latents[pixel * shape.channels..<(pixel + 1) * shape.channels].map(Double.init) + [1]
        }
        let outputs = (0..<shape.height * shape.width).map { pixel in
            chart.blocks(
                x: pixel % shape.width * factor,
                y: pixel / shape.width * factor,
                side: factor,
                count: block
            )
        }
        weights = leastSquares(inputs, outputs).flatMap { $0.map(Float.init) }
    }

    /// The picture that `latents`, `[channels, height, width]`, hint at.
    func sketch(_ latents: [Float], shape: LatentShape) throws(ImageCodecError) -> RGBImage {
        let values = shape.channelsLast(latents)
        let colours = block * block * 3
        let width = shape.width * block
        var pixels = [UInt8](repeating: 0, count: shape.height * block * width * 3)
        for pixel in 0..<shape.height * shape.width {
            var colour = Array(weights[shape.channels * colours..<(shape.channels + 1) * colours])
            for channel in 0..<shape.channels {
                let value = values[pixel * shape.channels + channel]
                for index in 0..<colours {
                    colour[index] += value * weights[channel * colours + index]
                }
            }
            let (y, x) = pixel.quotientAndRemainder(dividingBy: shape.width)
            for index in 0..<colours {
                let (row, rest) = index.quotientAndRemainder(dividingBy: block * 3)
                // Latents on their way may be anything, also not a number.
                let value = colour[index].isFinite ? min(max(colour[index], 0), 255) : 0
                pixels[((y * block + row) * width + x * block) * 3 + rest] = UInt8(value)
            }
        }
        return try RGBImage(width: width, height: shape.height * block, pixels: pixels)
    }

    /// A map that is fitted when it is first needed; that it cannot be is found out once too.
    final class Once: Sendable {
        private let map = Mutex<Result<SketchMap, any Error>?>(nil)

        /// The map; fits it first if need be, which takes about as long as encoding a small picture.
        func map(for model: StableDiffusionModel) throws -> SketchMap {
            let result = map.withLock { map in
                if let map { return map }
                let fitted: Result<SketchMap, any Error> = Result { try SketchMap(model) }
                map = fitted
                return fitted
            }
            return try result.get()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Tensor

extension StableDiffusionModel {
    /// The latents of a picture, rounded up to whole ones: the decoded picture is cut to its size.
    package func latentShape(width: Int, height: Int) -> LatentShape {
        let factor = autoencoder.factor
        return LatentShape(
            channels: unet.configuration.inputChannels,
            height: (height + factor - 1) / factor,
            width: (width + factor - 1) / factor
        )
    }

    /// Latents to a picture.
    ///
    /// - Parameters:
    ///   - latents: `[channels, height, width]` of ``latentShape(width:height:)``, as the sampler leaves them.
    ///   - width: of the picture, in pixels.
    ///   - height: of the picture, in pixels.
    /// - Throws: ``PipelineError/invalidOutput(_:)`` if the latents or the decoder's values are not finite.
    package func decode(_ latents: [Float], width: Int, height: Int) throws(PipelineError) -> Picture {
        let shape = latentShape(width: width, height: height)
        let scaled = shape.channelsLast(latents.map { $0 / autoencoder.configuration.scalingFactor })
        guard scaled.allSatisfy(\.isFinite) else {
            throw .invalidOutput("the latents have values that are not numbers")
        }
        device.trim()
        let decoded = autoencoder.decoder(
            device.upload(scaled, shape: [1, shape.height, shape.width, shape.channels])
        )
        let values = device.download(decoded)
        device.trim()
        return try Picture(decoded: values, width: decoded.shape[2], height: decoded.shape[1])
            .cropped(width: width, height: height)
    }

    /// A picture to the distribution of its latents.
    ///
    /// - Throws: ``PipelineError/invalidOutput(_:)`` if the encoder gives values that are not finite.
    package func encode(_ picture: Picture) throws(PipelineError) -> LatentMoments {
        let shape = latentShape(width: picture.width, height: picture.height)
        let padded = picture.padded(
            width: shape.width * autoencoder.factor,
            height: shape.height * autoencoder.factor
        )
        let moments = autoencoder.encoder(
            device.upload(padded.normalized, shape: [1, padded.height, padded.width, 3])
        )
        let values = LatentShape(channels: 2 * shape.channels, height: shape.height, width: shape.width)
            .channelsFirst(device.download(moments))
        device.trim()
        guard values.allSatisfy(\.isFinite) else {
            throw .invalidOutput("the encoded picture has values that are not numbers")
        }
        return LatentMoments(mean: Array(values[..<shape.count]), logVariance: Array(values[shape.count...]))
    }
}

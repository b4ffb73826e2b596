// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The normal distribution of each latent that the encoder gives for a picture, `[channels, height, width]`.
package struct LatentMoments: Sendable {
    package var mean: [Float]
    package var logVariance: [Float]

    /// One draw: diffusers' `DiagonalGaussianDistribution.sample`.
    package func sample(noise: [Float]) -> [Float] {
        mean.indices.map { index in
            mean[index] + Foundation.exp(0.5 * min(max(logVariance[index], -30), 20)) * noise[index]
        }
    }
}

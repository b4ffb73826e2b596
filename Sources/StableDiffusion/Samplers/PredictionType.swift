// SPDX-License-Identifier: Apache-2.0

/// What the model was trained to predict: `prediction_type` of a scheduler configuration.
package enum PredictionType: String, Sendable, CaseIterable {
    /// The noise, as in DDPM.
    case epsilon
    /// The velocity of "Progressive Distillation for Fast Sampling of Diffusion Models"
    /// (https://arxiv.org/abs/2202.00512), as the 768-pixel Stable Diffusion 2.1 does.
    case velocity = "v_prediction"
    /// The picture without noise.
    case sample
}

/// Conversions for a variance-preserving sample x = alpha * x0 + sigma * noise with alpha^2 + sigma^2 = 1.
extension PredictionType {
    /// The estimate of x0 that a model output means.
    func originalSample(
        from output: LatentVector,
        at sample: LatentVector,
        alpha: Float,
        sigma: Float
    ) -> LatentVector {
        switch self {
        case .epsilon: (sample - sigma * output) / alpha
        case .velocity: alpha * sample - sigma * output
        case .sample: output
        }
    }

    /// The estimate of the noise that a model output means.
    func noise(
        from output: LatentVector,
        at sample: LatentVector,
        alpha: Float,
        sigma: Float
    ) -> LatentVector {
        switch self {
        case .epsilon: output
        case .velocity: alpha * output + sigma * sample
        case .sample: (sample - alpha * output) / sigma
        }
    }
}

/// Conversion for a variance-exploding sample x = x0 + sigma * noise.
extension PredictionType {
    /// The estimate of x0 that a model output means, when the model saw `sample / sqrt(sigma^2 + 1)`.
    func originalSample(from output: LatentVector, at sample: LatentVector, sigma: Float) -> LatentVector {
        let variance = sigma * sigma + 1
        return switch self {
        case .epsilon: sample - sigma * output
        case .velocity: (-sigma / variance.squareRoot()) * output + sample / variance
        case .sample: output
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A noise level in the notation of the DPM-Solver papers: x = alpha * x0 + sigma * noise and lambda is half the
/// logarithm of the signal-to-noise ratio.
struct NoiseLevel: Sendable {
    let alpha: Float
    let sigma: Float
    /// log(alpha / sigma); infinite for the level without noise.
    let lambda: Float

    /// The level x0 + exploding * noise, scaled to the variance 1.
    init(exploding: Float) {
        alpha = 1 / (exploding * exploding + 1).squareRoot()
        sigma = exploding * alpha
        lambda = log(alpha) - log(sigma)
    }

    /// The integral of DPM-Solver++ from one level to another with x0 held at `original` (first order) and, if given,
    /// growing by `difference` (second order, midpoint): formulas 9 and 12 of https://arxiv.org/abs/2211.01095.
    static func integrate(
        _ sample: LatentVector,
        from start: Self,
        to end: Self,
        original: LatentVector,
        difference: LatentVector? = nil
    ) -> LatentVector {
        let weight = end.alpha * (exp(-(end.lambda - start.lambda)) - 1)
        let first = (end.sigma / start.sigma) * sample - weight * original
        guard let difference else { return first }
        return first - (0.5 * weight) * difference
    }
}

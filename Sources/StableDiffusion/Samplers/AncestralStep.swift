// SPDX-License-Identifier: Apache-2.0

/// The split of an ancestral step into a deterministic part down to a lower level and noise back up.
///
/// Source: k-diffusion, `get_ancestral_step` with eta 1.
struct AncestralStep: Sendable {
    /// The level the deterministic part goes to.
    let down: Float
    /// The standard deviation of the noise: down^2 + up^2 is the square of the next level.
    let up: Float

    init(from sigma: Float, to next: Float) {
        up = (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot()
        // The difference is never negative; only its rounding could be.
        down = max(next * next - up * up, 0).squareRoot()
    }
}

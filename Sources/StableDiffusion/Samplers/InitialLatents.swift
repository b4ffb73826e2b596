// SPDX-License-Identifier: Apache-2.0

/// What the latents of a run are made from.
package enum InitialLatents: Sendable {
    /// Noise alone, `count` values: a picture from text.
    case noise(count: Int)
    /// The encoded picture (scaled latents) under as much noise as `strength`, in 0...1, asks for: a picture from a
    /// picture. The run has the last `strength` of its steps, rounded down.
    case image([Float], strength: Double)
}

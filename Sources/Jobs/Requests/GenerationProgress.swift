// SPDX-License-Identifier: Apache-2.0

/// How far a request has come.
package struct GenerationProgress: Equatable, Codable, Sendable {
    /// The picture being made, from 0.
    package var sample: Int
    /// Steps of this picture that are done.
    package var step: Int
    /// Steps this picture takes in all.
    package var steps: Int

    /// `step` of `steps` done for picture `sample`.
    package init(sample: Int, step: Int, steps: Int) {
        self.sample = sample
        self.step = step
        self.steps = steps
    }
}

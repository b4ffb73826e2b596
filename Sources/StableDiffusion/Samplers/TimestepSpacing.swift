// SPDX-License-Identifier: Apache-2.0

/// The ways of choosing the timesteps of a run from those of training, highest first.
///
/// The names are those of `timestep_spacing` in diffusers; see table 2 of "Common Diffusion Noise Schedules and Sample
/// Steps are Flawed" (https://arxiv.org/abs/2305.08891).
enum TimestepSpacing {
    /// Multiples of the whole-number step ratio, moved up by `offset`.
    static func leading(steps: Int, trainTimesteps: Int, offset: Int) -> [Int] {
        let ratio = trainTimesteps / steps
        return (0..<steps).reversed().map { $0 * ratio + offset }
    }

    /// Evenly from the last timestep of training to 0, with fractions.
    ///
    /// One step is the timestep 0 alone: that is what `numpy.linspace` gives for one point, and diffusers starts such a
    /// run with almost no noise.
    static func linspace(steps: Int, trainTimesteps: Int) -> [Float] {
        points(steps, to: trainTimesteps - 1).reversed().map { Float($0) }
    }

    /// Evenly from the last timestep of training to 0, rounded to whole numbers, without the final 0.
    static func roundedLinspace(steps: Int, trainTimesteps: Int) -> [Int] {
        points(steps + 1, to: trainTimesteps - 1).dropFirst().reversed().map { Int($0.rounded(.toNearestOrEven)) }
    }

    /// `numpy.linspace(0, last, count)`.
    private static func points(_ count: Int, to last: Int) -> [Double] {
        guard count > 1 else { return [0] }
        let step = Double(last) / Double(count - 1)
        return (0..<count).map { $0 == count - 1 ? Double(last) : Double($0) * step }
    }
}

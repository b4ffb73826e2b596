// SPDX-License-Identifier: Apache-2.0

/// A run that cannot be sampled.
package enum SamplerError: Error, Equatable, CustomStringConvertible {
    /// The number of steps is below 1 or above what the training schedule can be divided into.
    case stepsOutOfRange(Int, maximum: Int)
    /// The strength is not in 0...1.
    case strengthOutOfRange(Double)
    /// The strength rounds down to no step at all.
    case strengthLeavesNoStep(Double, steps: Int)
    /// The steps, moved up by the configuration's offset, leave the training schedule.
    case timestepOutOfRange(Int, maximum: Int)
    /// The model's configuration asks the sampler for something that it does not do.
    case unsupported(SchedulerName, reason: String)

    package var description: String {
        switch self {
        case .stepsOutOfRange(let steps, let maximum):
            "the number of steps must be between 1 and \(maximum), not \(steps)"
        case .strengthOutOfRange(let strength):
            "strength must be between 0 and 1, not \(strength)"
        case .strengthLeavesNoStep(let strength, let steps):
            "strength \(strength) of \(steps) steps is less than one step: raise strength or the number of steps"
        case .timestepOutOfRange(let timestep, let maximum):
            "steps_offset moves the first step to timestep \(timestep), beyond the model's last, \(maximum)"
        case .unsupported(let name, let reason):
            "the scheduler \(name.rawValue) cannot be used with this model: \(reason)"
        }
    }
}

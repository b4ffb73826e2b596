// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The duration in seconds.
    var seconds: Double { self / .seconds(1) }

    /// The duration in seconds, to the millisecond.
    var roundedSeconds: Double { (seconds * 1_000).rounded() / 1_000 }

    /// Whole seconds, a part of one counted as one.
    var secondsRoundedUp: Int { Int(components.seconds) + (components.attoseconds > 0 ? 1 : 0) }
}

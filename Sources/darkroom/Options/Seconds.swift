// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A time as operators write it: seconds, also with a fraction.
struct Seconds: ExpressibleByArgument, Equatable {
    let duration: Duration

    /// The longest time that is a time and not a mistake: ten years.
    private static let longest = 10.0 * 365 * 86_400

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let seconds = Double(argument), (0...Self.longest).contains(seconds) else { return nil }
        duration = .milliseconds(Int64((seconds * 1000).rounded()))
    }

    /// The time as it is written.
    var argument: String {
        let seconds = duration / .seconds(1)
        return seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    }

    var defaultValueDescription: String { argument }
}

// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The runs of a benchmark, one after the other, with a bar that says how far they are.
struct BenchRuns {
    private let repeats: Int
    private let total: Int
    private var done = 0
    private let bar = ProgressBar()
    private let interrupt = Interrupt()

    init(repeats: Int, networks: Int, profiles: Int) {
        self.repeats = repeats
        total = networks * (repeats + 2) + profiles
    }

    /// The median of the seconds that `body` takes, after two runs that do not count: a device may prepare itself in both.
    ///
    /// - Throws: `CancellationError` once Ctrl-C was pressed.
    mutating func median(_ label: String, _ body: () throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        var seconds: [Double] = []
        for _ in -2..<repeats {
            try begin(label)
            let start = clock.now
            try body()
            seconds.append((clock.now - start) / .seconds(1))
        }
        seconds.removeFirst(2)
        seconds.sort()
        // Of an even number the mean of the two in the middle.
        return (seconds[repeats / 2] + seconds[(repeats - 1) / 2]) / 2
    }

    mutating func profile(
        _ label: String,
        on device: ProfilingDevice,
        _ body: () -> Void
    ) throws(CancellationError) -> Profile {
        try begin(label)
        return device.profile(body)
    }

    func finish() {
        bar.clear()
    }

    private mutating func begin(_ label: String) throws(CancellationError) {
        try interrupt.check()
        bar.update(done: done, total: total, label: label)
        done += 1
    }
}

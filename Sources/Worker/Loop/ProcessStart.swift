// SPDX-License-Identifier: Apache-2.0

import Foundation

/// When this process was started, as the operating system has it: before its first instruction.
package struct ProcessStart: Sendable {
    private let instant: ContinuousClock.Instant

    /// The start of this process, to a hundredth of a second; where the system does not tell, the time of this call.
    package init() {
        let now = ContinuousClock.now
        instant = now - (Self.age ?? .zero)
    }

    /// The time since.
    package var elapsed: Duration { ContinuousClock.now - instant }

    /// `proc(5)`: the twenty-second field of `stat` is the start, in ticks since the machine's.
    private static var age: Duration? {
        #if os(Linux)
            guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
                // The name before it may have any characters, also spaces and brackets.
                let afterName = stat.lastIndex(of: ")"),
                case let fields = stat[stat.index(after: afterName)...].split(separator: " "),
                fields.count > 19, let ticks = Double(fields[19])
            else { return nil }
            var uptime = timespec()
            unsafe clock_gettime(CLOCK_BOOTTIME, &uptime)
            let now = Double(uptime.tv_sec) + Double(uptime.tv_nsec) / 1e9
            return .seconds(max(now - ticks / Double(sysconf(Int32(_SC_CLK_TCK))), 0))
        #else
            return nil
        #endif
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How long this process has been running.
enum ProcessAge {
    private static let launch = ContinuousClock.now

    /// To be called first of all: what is counted from where the system does not say.
    static func begin() {
        _ = launch
    }

    /// Seconds since the process was started: on Linux since the system did so, in steps of 10 ms.
    static var seconds: Double {
        systemSeconds ?? (ContinuousClock.now - launch) / .seconds(1)
    }

    private static var systemSeconds: Double? {
        #if os(Linux)
            // proc_pid_stat(5): field 22 is the start in ticks since boot. Field 2, a name in parentheses, may hold spaces.
            guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
                let name = stat.lastIndex(of: ")")
            else { return nil }
            let fields = stat[name...].split(separator: " ")
            let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
            var now = timespec()
            guard fields.count > 20, let ticks = Double(fields[20]), ticksPerSecond > 0,
                unsafe clock_gettime(CLOCK_BOOTTIME, &now) == 0
            else { return nil }
            return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 - ticks / Double(ticksPerSecond)
        #else
            return nil
        #endif
    }
}

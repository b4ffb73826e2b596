// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the operating system says of this process's memory.
enum ProcessMemory {
    /// The most bytes that were resident at a time.
    static var peakBytes: Int {
        var usage = rusage()
        #if os(Linux)
            unsafe getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss * 1024
        #else
            unsafe getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }
}

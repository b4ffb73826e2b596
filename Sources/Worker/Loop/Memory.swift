// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the operating system says of memory.
package enum Memory {
    /// Bytes of this process that are its own and resident: without the mapped weights, which processes share.
    package static var ownBytes: Int? {
        #if os(Linux)
            kilobytes(of: "RssAnon:", in: "/proc/self/status")
        #else
            nil
        #endif
    }

    /// Bytes that could be taken now without swapping, here and in this process's control group.
    package static var availableBytes: Int {
        #if os(Linux)
            let machine = kilobytes(of: "MemAvailable:", in: "/proc/meminfo") ?? physicalBytes / 2
            guard let limit = number(in: "/sys/fs/cgroup/memory.max"),
                let used = number(in: "/sys/fs/cgroup/memory.current")
            else { return machine }
            return min(machine, max(limit - used, 0))
        #else
            physicalBytes / 2
        #endif
    }

    private static var physicalBytes: Int { Int(ProcessInfo.processInfo.physicalMemory) }

    private static func kilobytes(of field: String, in path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(field) {
            return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
        }
        return nil
    }

    /// `nil` also for `max`, which is no limit.
    private static func number(in path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8))
            .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}

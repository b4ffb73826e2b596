// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// How long the caller of a prediction would like to wait: `Prefer: wait`, or `Prefer: wait=5`.
enum ReplicateWait {
    /// The wait; `nil` for a caller who would rather ask later.
    static func duration(_ headers: HTTPFields, upTo limit: Int) -> Duration? {
        for wish in headers[values: .prefer].flatMap({ $0.split(separator: ",") }) {
            let parts = wish.filter { !$0.isWhitespace }.lowercased().split(separator: "=", maxSplits: 1)
            guard parts.first == "wait" else { continue }
            // A preference that is not understood is as good as none (RFC 7240).
            let seconds = parts.count == 2 ? Int(parts[1]) ?? limit : limit
            return .seconds(min(max(seconds, 1), limit))
        }
        return nil
    }
}

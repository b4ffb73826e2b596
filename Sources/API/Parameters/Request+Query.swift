// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// The query's parameters.
extension Request {
    /// A whole number among the query's parameters; `nil` when it is not there.
    func number(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let limit = "must be a whole number between \(range.lowerBound) and \(range.upperBound)"
            throw APIError(wrong: name, limit, given: String(text.prefix(100)))
        }
        return number
    }

    /// Where a list of jobs goes on; `nil` at its beginning.
    var jobCursor: JobPage.Cursor? {
        get throws(APIError) {
            guard let text = uri.queryParameters["cursor"] else { return nil }
            guard let cursor = JobPage.Cursor(String(text)) else {
                throw APIError(wrong: "cursor", "must be the next_cursor of an answer before")
            }
            return cursor
        }
    }
}

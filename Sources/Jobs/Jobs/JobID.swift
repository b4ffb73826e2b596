// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The name of a job: what the API calls the request's id.
package struct JobID: Hashable, Sendable {
    private let value: UUID

    /// A new name.
    package init() {
        value = UUID()
    }
}

extension JobID: LosslessStringConvertible {
    /// A UUID in lower case.
    package var description: String { value.uuidString.lowercased() }

    /// Reads a UUID in either case.
    package init?(_ description: String) {
        guard let value = UUID(uuidString: description) else { return nil }
        self.value = value
    }
}

/// The name of one run of a worker process; a restarted worker has a new one.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// A worker's name as it was written.
    package init(_ description: String) {
        self.description = description
    }

    /// A new name.
    package init() {
        self.init(UUID().uuidString.lowercased())
    }
}

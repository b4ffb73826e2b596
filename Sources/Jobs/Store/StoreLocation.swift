// SPDX-License-Identifier: Apache-2.0

/// Where a store is, as operators write it: `sqlite:PATH`.
package enum StoreLocation: Equatable, Sendable {
    /// A SQLite file on this machine.
    case sqlite(path: String)
}

extension StoreLocation: LosslessStringConvertible {
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        }
    }

    package init?(_ description: String) {
        let parts = description.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0] == "sqlite" else { return nil }
        self = .sqlite(path: String(parts[1]))
    }
}

extension StoreLocation {
    /// Opens the store, which is made first if it is not there and `createsStore`.
    package func open(
        policy: StorePolicy = StorePolicy(),
        createsStore: Bool = true
    ) async throws(StoreError) -> any Store {
        switch self {
        case .sqlite(let path): try await SQLiteStore(path: path, policy: policy, createsFile: createsStore)
        }
    }
}

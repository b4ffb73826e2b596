// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a store is, as operators write it: `sqlite:PATH` or `postgresql://…`.
package enum StoreLocation: Equatable, Sendable {
    /// A SQLite file on this machine.
    case sqlite(path: String)
    /// A PostgreSQL database, by its address as libpq reads it.
    case postgres(url: String)
}

extension StoreLocation: LosslessStringConvertible {
    /// What it is written as; a database's password is in it (``redacted``).
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres(let url): url
        }
    }

    package init?(_ description: String) {
        if description.hasPrefix("postgresql://") || description.hasPrefix("postgres://") {
            self = .postgres(url: description)
            return
        }
        let parts = description.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0] == "sqlite" else { return nil }
        self = .sqlite(path: String(parts[1]))
    }
}

extension StoreLocation {
    /// What it may be called where anybody reads it: without user, password and parameters.
    package var redacted: String {
        switch self {
        case .sqlite: return description
        case .postgres(let url):
            let address = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "?" && $0 != "#" }
            // A password may hold an @ that should have been written otherwise.
            let place = address.lastIndex(of: "@").map { address[address.index(after: $0)...] } ?? address
            return "postgresql://\(place)"
        }
    }

    /// Opens the store, which is made first if it is not there and `createsStore`.
    package func open(
        policy: StorePolicy = StorePolicy(),
        createsStore: Bool = true
    ) async throws(StoreError) -> any Store {
        switch self {
        case .sqlite(let path): try await SQLiteStore(path: path, policy: policy, createsFile: createsStore)
        case .postgres(let url): try await PostgresStore(url: url, policy: policy, createsTables: createsStore)
        }
    }
}

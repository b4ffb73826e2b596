// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Jobs

/// Which store a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The service's database.", valueName: "sqlite:path|postgresql://…"))
    var database: StoreLocation

    /// Opens the store, which is made first if it is not there and `createsStore`.
    func open(createsStore: Bool = false) async throws -> any Store {
        do {
            return try await database.open(createsStore: createsStore)
        } catch {
            throw Failure(subject: "--database \(database.redacted)", reason: "\(error)")
        }
    }
}

// What these are read from as arguments is what they are written as anywhere.
extension StoreLocation: ExpressibleByArgument {}
extension AccountID: ExpressibleByArgument {}
extension Credits: ExpressibleByArgument {}
extension KeyID: ExpressibleByArgument {}
extension JobID: ExpressibleByArgument {}

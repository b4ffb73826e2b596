// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Jobs

/// Which store a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The service's database (default: $\(StoreLocation.environmentKey), where a password is seen by nobody, else the one serve made where it was told none).",
            valueName: "sqlite:path|postgresql://…"
        )
    )
    var database: StoreLocation?

    /// Opens the store, which is made first if it is not there and `createsStore`.
    func open(createsStore: Bool = false) async throws -> any Store {
        let named = try database ?? StoreLocation.named(in: ProcessInfo.processInfo.environment)
        guard let location = named ?? StoreLocation.existingStandard else {
            throw ValidationError("--database or \(StoreLocation.environmentKey) must say which database")
        }
        if named == nil { Terminal.note("Database: \(location.redacted)\n") }
        do {
            return try await location.open(createsStore: createsStore)
        } catch {
            throw Failure(subject: "--database \(location.redacted)", reason: "\(error)")
        }
    }
}

extension StoreLocation {
    /// Names the database where no option does.
    static let environmentKey = "DARKROOM_DATABASE"

    /// The database that the environment names, if it names one.
    static func named(in environment: [String: String]) throws -> StoreLocation? {
        guard let text = environment[environmentKey], !text.isEmpty else { return nil }
        guard let location = StoreLocation(argument: text) else {
            throw ValidationError("\(environmentKey) is neither sqlite:path nor postgresql://…")
        }
        return location
    }
}

// What these are read from as arguments is what they are written as anywhere.
extension StoreLocation: ExpressibleByArgument {}
extension AccountID: ExpressibleByArgument {}
extension Credits: ExpressibleByArgument {}
extension KeyID: ExpressibleByArgument {}
extension JobID: ExpressibleByArgument {}

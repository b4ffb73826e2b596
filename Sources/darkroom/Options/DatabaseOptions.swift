// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Jobs

/// Which store a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The service's database.", valueName: "sqlite:path"))
    var database: StoreLocation

    /// Opens the store, which is made first if it is not there and `createsStore`.
    func open(createsStore: Bool = false) async throws -> any Store {
        do {
            return try await database.open(createsStore: createsStore)
        } catch {
            throw Failure(subject: "--database \(database)", reason: "\(error)")
        }
    }
}

extension StoreLocation: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

extension AccountID: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

extension Credits: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

extension KeyID: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

extension JobID: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

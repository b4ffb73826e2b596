// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Jobs

/// What accounts have to spend.
struct CreditsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credits",
        abstract: "Grant and show credits.",
        subcommands: [Grant.self, Show.self]
    )

    /// Gives an account credits, or takes some.
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an account credits, or take some for a negative amount (after '--')."
        )

        @OptionGroup var databaseOptions: DatabaseOptions

        @Option(help: ArgumentHelp("The account.", valueName: "name"))
        var account = AccountID.default

        @Argument(help: "How many: a decimal number with up to six digits after the point.")
        var amount: Credits

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let store = try await databaseOptions.open()
            do {
                try BalanceReport(try await store.grant(amount, to: account)).print(asJSON: json)
            } catch StoreError.unknownAccount {
                throw Failure(
                    subject: "\(account)",
                    reason: "there is no such account; 'darkroom keys create' opens one"
                )
            }
        }
    }

    /// Shows what an account has.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what an account has.")

        @OptionGroup var databaseOptions: DatabaseOptions

        @Option(help: ArgumentHelp("The account.", valueName: "name"))
        var account = AccountID.default

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let store = try await databaseOptions.open()
            guard let found = try await store.account(account) else {
                throw Failure(subject: "\(account)", reason: "there is no such account")
            }
            try BalanceReport(found).print(asJSON: json)
        }
    }
}

/// What `darkroom credits` says of an account.
private struct BalanceReport: Encodable {
    var account: String
    /// What can be spent.
    var credits: Double
    /// What is set aside for jobs that are not over.
    var reserved: Double

    private let text: String

    enum CodingKeys: CodingKey {
        case account, credits, reserved
    }

    init(_ account: Account) {
        self.account = account.id.description
        credits = account.available.value
        reserved = account.reserved.value
        text = "\(account.id): \(account.available) credits, \(account.reserved) reserved"
    }

    func print(asJSON: Bool) throws {
        if asJSON {
            try Terminal.printJSON(self)
        } else {
            Swift.print(text)
        }
    }
}

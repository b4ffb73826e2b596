// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Jobs

/// API keys of a service.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list and revoke API keys.",
        subcommands: [Create.self, List.self, Revoke.self]
    )

    /// Makes a key and prints it, this once.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a key and print it; it cannot be shown again."
        )

        @OptionGroup var databaseOptions: DatabaseOptions
        @OptionGroup var keyOptions: KeyOptions

        @Option(help: ArgumentHelp("Whose key it is; the account is opened if need be.", valueName: "name"))
        var account = AccountID.default

        @Option(help: ArgumentHelp("Credits to give the account.", valueName: "x"))
        var credits: Credits?

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard credits.map({ $0 >= .zero }) ?? true else {
                throw ValidationError("--credits must not be negative.")
            }
        }

        func run() async throws {
            let store = try await databaseOptions.open(createsStore: true)
            let (key, secret) = try await store.createKey(for: account, keyOptions.settings(at: store.now))
            if let credits { _ = try await store.grant(credits, to: account) }
            if json {
                try Terminal.printJSON(KeyReport(key, at: store.now, secret: secret))
            } else {
                print(secret.text)
            }
        }
    }

    /// Shows what is known of keys: never the keys themselves.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List keys, by their ids.")

        @OptionGroup var databaseOptions: DatabaseOptions

        @Option(help: ArgumentHelp("List this account's keys only.", valueName: "name"))
        var account: AccountID?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let store = try await databaseOptions.open()
            let reports = try await store.keys(of: account).map { KeyReport($0, at: store.now) }
            if json {
                try Terminal.printJSON(reports)
            } else {
                print(
                    TextTable(
                        ["id", "account", "state", "scopes", "rate", "spend limit", "created"],
                        reports.map(\.row)
                    )
                )
            }
        }
    }

    /// Ends a key.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key for good.")

        @OptionGroup var databaseOptions: DatabaseOptions

        @Argument(help: "The key's id, as 'keys list' shows it.")
        var id: KeyID

        func run() async throws {
            let store = try await databaseOptions.open()
            guard try await store.revokeKey(id) != nil else {
                throw Failure(subject: "\(id)", reason: "there is no key with this id")
            }
        }
    }
}

/// What `darkroom keys` says of a key.
private struct KeyReport: Encodable {
    var key: String?
    var id: String
    var account: String
    var state: String
    var scopes: [String]
    var rate: String?
    var spendLimit: String?
    var created: String
    var expires: String?

    init(_ key: APIKey, at now: Timestamp, secret: KeySecret? = nil) {
        self.key = secret?.text
        id = key.id.description
        account = key.account.description
        state = key.revoked != nil ? "revoked" : key.isUsable(at: now) ? "active" : "expired"
        scopes = Scope.allCases.filter(key.settings.scopes.contains).map(\.rawValue)
        rate = key.settings.rateLimit?.argument
        spendLimit = key.settings.spendLimit?.argument
        created = key.created.date.ISO8601Format()
        expires = key.settings.expires?.date.ISO8601Format()
    }

    var row: [String] {
        [id, account, state, scopes.joined(separator: ","), rate ?? "-", spendLimit ?? "-", created]
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Jobs
import Testing

/// The commands that work on a service's database, run as an operator runs them.
@Suite struct DatabaseCommandTests {
    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = "sqlite:" + directory.path("service.db")
    }

    @Test func aNewKeyIsPrintedAloneOpensItsAccountAndIsNeverShownAgain() async throws {
        let run = try DarkroomProcess.run(
            "keys",
            "create",
            "--database",
            database,
            "--account",
            "alice",
            "--credits",
            "2.5"
        )
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 1)
        let secret = KeySecret(presented: String(try #require(lines.first)))
        #expect(secret.text.hasPrefix("dk_"))
        guard case .accepted(let key) = try await store().authenticate(secret) else {
            Issue.record("the key opens nothing")
            return
        }
        #expect(key.account.description == "alice")
        #expect(key.settings == KeySettings())

        let list = try DarkroomProcess.run("keys", "list", "--database", database)
        #expect(list.output.contains(key.id.description))
        #expect(!list.output.contains(secret.text))
        let credits = try DarkroomProcess.run("credits", "show", "--database", database, "--account", "alice")
        #expect(credits.output == "alice: 2.5 credits, 0 reserved\n")
    }

    @Test func everythingAboutAKeyCanBeDecided() async throws {
        let run = try DarkroomProcess.run(
            "keys",
            "create",
            "--database",
            database,
            "--scopes",
            "read,admin",
            "--expires",
            "30d",
            "--rate",
            "5/minute",
            "--spend-limit",
            "1.5/month",
            "--json"
        )
        #expect(run.status == 0)
        struct Report: Decodable {
            var key: String
            var id: String
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
        let key = try #require(try await store().keys(of: .default).first)
        #expect(key.id.description == report.id)
        #expect(key.settings.scopes == [.read, .admin])
        #expect(key.settings.rateLimit == RateLimit(requests: 5, per: .seconds(60)))
        #expect(key.settings.spendLimit == SpendLimit(Credits(microcredits: 1_500_000), per: .month))
        let days = try #require(key.settings.expires.map { key.created.duration(to: $0) / .seconds(86_400) })
        #expect((29.99...30.01).contains(days))
    }

    @Test func aRevokedKeyOpensNothing() async throws {
        let secret = KeySecret(
            presented: try DarkroomProcess.run("keys", "create", "--database", database).output
                .trimmingCharacters(in: .newlines)
        )
        let id = try #require(try await store().keys(of: nil).first?.id)
        #expect(try DarkroomProcess.run("keys", "revoke", "--database", database, "\(id)").status == 0)
        guard case .disabled = try await store().authenticate(secret) else {
            Issue.record("the key still opens something")
            return
        }
        let again = try DarkroomProcess.run("keys", "revoke", "--database", database, "0123456789abcdef")
        #expect(again.status == 1)
        #expect(again.errors == "error: 0123456789abcdef: there is no key with this id\n")
    }

    @Test func creditsAreGrantedAndTaken() throws {
        _ = try DarkroomProcess.run("keys", "create", "--database", database)
        let grant = try DarkroomProcess.run("credits", "grant", "--database", database, "0.75")
        #expect(grant.output == "default: 0.75 credits, 0 reserved\n")
        let take = try DarkroomProcess.run("credits", "grant", "--database", database, "--", "-0.5")
        #expect(take.output == "default: 0.25 credits, 0 reserved\n")
        let unknown = try DarkroomProcess.run("credits", "grant", "--database", database, "--account", "bob", "1")
        #expect(unknown.status == 1)
        #expect(unknown.errors.hasPrefix("error: bob: there is no such account"))
    }

    @Test func jobsAreListedShownAndCancelled() async throws {
        _ = try DarkroomProcess.run("keys", "create", "--database", database, "--credits", "1")
        let id = try await submit()
        #expect(
            try DarkroomProcess.run("jobs", "list", "--database", database).output.contains("\(id)  default  queued")
        )
        #expect(try DarkroomProcess.run("jobs", "cancel", "--database", database, "\(id)").status == 0)
        let show = try DarkroomProcess.run("jobs", "show", "--database", database, "\(id)", "--json")
        struct Report: Decodable {
            struct Event: Decodable {
                var event: String
            }
            var state: String
            var events: [Event]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(show.output.utf8))
        #expect(report.state == "cancelled")
        #expect(report.events.map(\.event) == ["queued", "cancelled"])
        #expect(!show.output.contains("a secret prompt"))
        let credits = try DarkroomProcess.run("credits", "show", "--database", database)
        #expect(credits.output == "default: 1 credits, 0 reserved\n")
        let unknown = try DarkroomProcess.run("jobs", "show", "--database", database, "\(JobID())")
        #expect(unknown.status == 1)
        #expect(unknown.errors.hasSuffix("there is no job with this id\n"))
    }

    @Test func theEnvironmentNamesTheDatabaseWhereNoOptionDoes() async throws {
        let environment = ["DARKROOM_DATABASE": database]
        #expect(try await DarkroomProcess.run(["keys", "create"], environment: environment).status == 0)
        #expect(try DarkroomProcess.run("keys", "list", "--database", database).output.contains("default"))
        let doctor = try await DarkroomProcess.run(
            ["doctor", "--model", DarkroomProcess.model],
            environment: environment
        )
        #expect(doctor.output.contains("ledger accounts balance"))

        let none = try DarkroomProcess.run("keys", "list")
        #expect(none.status == 64)
        #expect(none.errors == "error: --database or DARKROOM_DATABASE must say which database\n")
        let wrong = try await DarkroomProcess.run(
            ["keys", "list"],
            environment: ["DARKROOM_DATABASE": "mysql://root:secret@localhost"]
        )
        #expect(wrong.status == 64)
        #expect(!wrong.errors.contains("secret"))
    }

    @Test func theDatabaseThatServeMadeIsTheOneWhereNobodySaysOtherwise() async throws {
        let environment = ["XDG_STATE_HOME": directory.path("state")]
        let standard = directory.path("state/darkroom")
        try FileManager.default.createDirectory(atPath: standard, withIntermediateDirectories: true)
        let made = try DarkroomProcess.run("keys", "create", "--database", "sqlite:\(standard)/darkroom.sqlite")
        #expect(made.status == 0)
        let list = try await DarkroomProcess.run(["keys", "list"], environment: environment)
        #expect(list.output.contains("default"))
    }

    @Test func doctorSaysWhetherTheBooksBalance() async throws {
        _ = try DarkroomProcess.run("keys", "create", "--database", database, "--credits", "1")
        _ = try await submit()
        let sound = try DarkroomProcess.run("doctor", "--model", DarkroomProcess.model, "--database", database)
        #expect(sound.status == 0)
        #expect(sound.output.contains("the books of 4 ledger accounts balance"))

        try tamper("UPDATE ledger_balance SET amount = amount + 1000000 WHERE account = 'revenue'")
        let wrong = try DarkroomProcess.run("doctor", "--model", DarkroomProcess.model, "--database", database)
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("All accounts add up to 1, not to 0."))

        let absent = try DarkroomProcess.run(
            "doctor",
            "--model",
            DarkroomProcess.model,
            "--database",
            "sqlite:/nowhere/a"
        )
        #expect(absent.status == 1)
        #expect(absent.output.contains("there is no file '/nowhere/a'"))
    }

    @Test(arguments: [
        (["keys", "list", "--database", "sqlite:/nowhere/a.db"], 1, "there is no file '/nowhere/a.db'"),
        (["keys", "create", "--database", "sqlite:/nowhere/a.db"], 1, "cannot create '/nowhere/a.db'"),
        (["keys", "create"], 64, "--database"),
        (["keys", "create", "--database", "mysql:a"], 64, "--database"),
        (["keys", "create", "--database", "sqlite:a", "--account", "a b"], 64, "--account"),
        (["keys", "create", "--database", "sqlite:a", "--credits", "1e9"], 64, "--credits"),
        (["keys", "create", "--database", "sqlite:a", "--scopes", "write"], 64, "--scopes"),
        (["keys", "create", "--database", "sqlite:a", "--expires", "soon"], 64, "--expires"),
        (["keys", "create", "--database", "sqlite:a", "--rate", "5"], 64, "--rate"),
        (["keys", "create", "--database", "sqlite:a", "--spend-limit", "5/year"], 64, "--spend-limit"),
        (["jobs", "show", "--database", "sqlite:a", "7"], 64, "id"),
        (["jobs", "list", "--database", "sqlite:a", "--limit", "0"], 64, "--limit"),
    ])
    func whatIsWrongIsOneLineAndNoFileIsMade(arguments: [String], status: Int, mentioned: String) throws {
        let output = Pipe()
        let errors = Pipe()
        let process = try DarkroomProcess.start(arguments, output: output, errors: errors)
        let complained = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(Int(process.terminationStatus) == status)
        #expect(complained.contains(mentioned))
        #expect(complained.split(separator: "\n").count <= 1)
        #expect(!FileManager.default.fileExists(atPath: "a"))
    }

    private func store() async throws -> any Store {
        let location = try #require(StoreLocation(database))
        return try await location.open(createsStore: false)
    }

    private func submit() async throws -> JobID {
        var parameters = GenerationParameters()
        parameters.prompt = "a secret prompt"
        let request = try GenerationRequest(
            validating: parameters,
            limits: GenerationLimits(),
            defaults: GenerationDefaults(width: 512, height: 512)
        )
        let submission = Submission(
            account: .default,
            key: nil,
            endpoint: "sd2.1-txt2img",
            request: request,
            price: PriceTable.standard.price(of: request)
        )
        guard case .accepted(let job, _) = try await store().submit(submission) else {
            throw CocoaError(.featureUnsupported)
        }
        return job.id
    }

    /// Changes the database as nobody may.
    private func tamper(_ statement: String) throws {
        let queue = try DatabaseQueue(path: directory.path("service.db"))
        try queue.write { try $0.execute(sql: statement) }
        try queue.close()
    }
}
